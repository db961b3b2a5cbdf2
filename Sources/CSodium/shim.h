// What Swift needs beside sodium.h: keyed BLAKE2b-256 that begins after the key block.
#pragma once
#include <sodium.h>
#include <stdint.h>
#include <string.h>

// libsodium keeps the key block in its buffer until more data comes, so a copied keyed state
// saves nothing. This takes the chaining value that libsodium itself made from the key block and
// starts each hash there: one compression for a token instead of two. The layout is libsodium
// 1.0.18's (h, t, f, buf[256], buflen, last_node; packed); latchkey_keyed_prepare compares the
// outcome with crypto_generichash and says no where another release lays it out differently.
typedef struct {
  uint64_t words[12];
} latchkey_keyed_prefix;

static inline int latchkey_keyed_hash(const latchkey_keyed_prefix *prefix,
                                      const unsigned char *bytes, size_t count,
                                      unsigned char out[32]) {
  crypto_generichash_state state;
  const size_t empty = 0;
  memcpy(state.opaque, prefix->words, 96);
  memcpy(state.opaque + 352, &empty, sizeof empty);
  state.opaque[360] = 0;
  if (crypto_generichash_update(&state, bytes, count) != 0) return -1;
  return crypto_generichash_final(&state, out, 32);
}

// 0 where the prefix is good; -1 where the caller must hash with crypto_generichash.
static inline int latchkey_keyed_prepare(latchkey_keyed_prefix *prefix,
                                         const unsigned char key[32]) {
  static const size_t lengths[] = {1, 35, 127, 128, 129, 256, 300};
  crypto_generichash_state state;
  unsigned char sample[300], expected[32], got[32];
  int bad = 0;
  if (sizeof(size_t) != 8 || sizeof state.opaque != 384) return -1;
  memset(sample, 0x5a, sizeof sample);
  bad |= crypto_generichash_init(&state, key, 32, 32);
  bad |= crypto_generichash_update(&state, sample, 129);
  memcpy(prefix->words, state.opaque, 96);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    bad |= crypto_generichash(expected, 32, sample, lengths[i], key, 32);
    bad |= latchkey_keyed_hash(prefix, sample, lengths[i], got);
    bad |= sodium_memcmp(expected, got, 32);
  }
  sodium_memzero(&state, sizeof state);
  return bad ? -1 : 0;
}
