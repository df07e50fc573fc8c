// The Linux calls that the toolchain's Glibc module leaves out, and nothing else.
#pragma once
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
// GNU-only prototypes restated: _GNU_SOURCE in this header would change fd_set's fields
// and so clash with the Glibc module.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int pthread_setname_np(pthread_t thread, const char *name);
