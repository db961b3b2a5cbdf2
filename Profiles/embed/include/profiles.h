// The profiles that ship, as texts inside the program.
#pragma once
#include <stddef.h>

typedef struct {
  const char *name;
  const unsigned char *bytes;
  size_t count;
} latchkey_profile;

// The profile at `index`, in no particular order; its name is NULL past the last one.
latchkey_profile latchkey_profile_at(size_t index);
