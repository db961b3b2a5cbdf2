// Embeds the profiles of this folder. A new profile has a line in each of the two lists.
#include "CAssets.h"

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

#define PROFILE(name) {#name, name##_json, sizeof(name##_json)}

static const struct latchkey_asset profiles[] = {
  PROFILE(default), PROFILE(truecontext), PROFILE(truework),
  PROFILE(trulioo), PROFILE(truv), PROFILE(veryfi),
};

size_t latchkey_profile_count(void) { return sizeof(profiles) / sizeof(profiles[0]); }

struct latchkey_asset latchkey_profile(size_t index) { return profiles[index]; }
