// The profiles of this folder as bytes in the program. They must stay exactly the files' bytes.
#ifndef LATCHKEY_ASSETS_H
#define LATCHKEY_ASSETS_H

#include <stddef.h>

struct latchkey_asset {
  const char *name;
  const unsigned char *bytes;
  size_t size;
};

/// How many profiles there are.
size_t latchkey_profile_count(void);
/// `index` must be smaller than the count; what it gives lives for ever.
struct latchkey_asset latchkey_profile(size_t index);

#endif
