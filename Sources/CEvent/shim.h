#pragma once
// Debian's event-config.h defines _GNU_SOURCE itself; features.h must come first.
#include <features.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/socket.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

// glibc hides accept4 behind _GNU_SOURCE, which Swift's Glibc module is built without.
extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int latchkey_accept(int listener, struct sockaddr_storage *peer) {
  socklen_t length = sizeof *peer;
#ifdef __linux__
  return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  return accept(listener, (struct sockaddr *)peer, &length);
#endif
}

// A descriptor that another thread can make readable; -1 on failure.
static inline int latchkey_wake_descriptor(void) {
#ifdef __linux__
  return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
#else
  return -1;
#endif
}
