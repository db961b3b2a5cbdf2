// Puts every profile of the folder above into the program. A new profile is one entry in each list.
#include "include/profiles.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char default_json[] = {
#embed "../default.json"
};
static const unsigned char truecontext_json[] = {
#embed "../truecontext.json"
};
static const unsigned char truework_json[] = {
#embed "../truework.json"
};
static const unsigned char trulioo_json[] = {
#embed "../trulioo.json"
};
static const unsigned char truv_json[] = {
#embed "../truv.json"
};
static const unsigned char veryfi_json[] = {
#embed "../veryfi.json"
};

static const latchkey_profile profiles[] = {
    {"default", default_json, sizeof default_json},
    {"truecontext", truecontext_json, sizeof truecontext_json},
    {"truework", truework_json, sizeof truework_json},
    {"trulioo", trulioo_json, sizeof trulioo_json},
    {"truv", truv_json, sizeof truv_json},
    {"veryfi", veryfi_json, sizeof veryfi_json},
};

latchkey_profile latchkey_profile_at(size_t index) {
  const latchkey_profile none = {NULL, NULL, 0};
  return index < sizeof profiles / sizeof *profiles ? profiles[index] : none;
}
