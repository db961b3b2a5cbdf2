#pragma once
// System calls that have no wrapper in the C library, or none that Swift can call.
#if defined(__linux__)
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// Asks for the cache line at `place`, which may be anything, and does not wait for it.
static inline void latchkey_prefetch(const void *place) { __builtin_prefetch(place); }

// Gives the system back what is free inside the heap.
static inline void latchkey_trim_heap(void) { malloc_trim(0); }

// A counter that can be waited for; -1 with errno set.
static inline int latchkey_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// What the system shows this thread as; 15 bytes are kept.
static inline void latchkey_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// No core file, no debugger and no /proc/PID/mem for other processes of the same user.
static inline void latchkey_forbid_dumps(void) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
#include <linux/falloc.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

// Gives back the room of a file's bytes, which are zeros then; its length stays. -1 with errno set.
static inline int latchkey_punch_hole(int file, long start, long count) {
  return (int)syscall(SYS_fallocate, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, count);
}

// 0 where this process may use latchkey_barrier from now on.
static inline int latchkey_barrier_register(void) {
  return (int)syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

// Whether whoever started this process has it ignore the signal, as nohup does.
static inline int latchkey_is_ignored(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Gives the process at the other end of a Unix socket a descriptor of `file`. -1 with errno set.
static inline int latchkey_send_descriptor(int socket, int file) {
  char byte = 0;
  struct iovec data = {&byte, 1};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr head;
  } control = {{0}};
  struct msghdr message = {0};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(head), &file, sizeof file);
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

// What the other end gave, the caller's to close; -1 with errno set.
static inline int latchkey_receive_descriptor(int socket) {
  char byte;
  struct iovec data = {&byte, 1};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr head;
  } control;
  struct msghdr message = {0};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return -1;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (got != 1 || !head || head->cmsg_type != SCM_RIGHTS ||
      head->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = EPROTO;
    return -1;
  }
  int file;
  memcpy(&file, CMSG_DATA(head), sizeof file);
  return file;
}

// A full memory barrier on every thread of this process that is running. 0 where it took place.
static inline int latchkey_barrier(void) {
  return (int)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}
#else
static inline void latchkey_prefetch(const void *place) { __builtin_prefetch(place); }
static inline int latchkey_eventfd(void) { return -1; }
static inline int latchkey_punch_hole(int file, long start, long count) { return -1; }
static inline int latchkey_barrier_register(void) { return -1; }
static inline int latchkey_barrier(void) { return -1; }
static inline int latchkey_is_ignored(int signal) { return 0; }
static inline int latchkey_send_descriptor(int socket, int file) { return -1; }
static inline int latchkey_receive_descriptor(int socket) { return -1; }
static inline void latchkey_name_thread(const char *name) {}
static inline void latchkey_forbid_dumps(void) {}
static inline void latchkey_trim_heap(void) {}
#endif
