/* Counts the write-side system calls under one folder, and at the Nth kills the process or lets it fail: LD_PRELOAD.
   One call is counted once, whichever thread makes it. Nothing happens before fault_arm(). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { COUNT, KILL_BEFORE, KILL_WITHIN, FAIL_ONCE, FAIL_ON };
enum kind { WRITES, TAKES_SPACE, FREES, OTHER }; /* a full disk refuses the first two alone */

static char folder[PATH_MAX];
static size_t folder_length;
static int mode, error_number;
static long at;
static atomic_long count;
static atomic_int armed, fired;

void fault_arm(const char *under, int how, long call, int error) {
  snprintf(folder, sizeof folder, "%s", under);
  folder_length = strlen(folder);
  mode = how, at = call, error_number = error;
  atomic_store(&count, 0), atomic_store(&fired, 0), atomic_store(&armed, 1);
}
long fault_disarm(void) { atomic_store(&armed, 0); return atomic_load(&count); }
int fault_fired(void) { return atomic_load(&fired); }

static int is_under(const char *path) {
  return !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}
static int fd_is_under(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_under(path);
}
static int path_is_under(int directory, const char *path) {
  if (!path) return 0;
  if (path[0] == '/') return is_under(path);
  if (directory != AT_FDCWD) return fd_is_under(directory);
  char here[PATH_MAX];
  return getcwd(here, sizeof here) && is_under(here);
}
static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* What is to happen at this call: 0 nothing, 1 it fails (errno is set), 2 die when half of it or all of it is done. */
static int fault(enum kind kind) {
  long number = atomic_fetch_add(&count, 1) + 1;
  if (mode == COUNT || number < at || (number > at && mode != FAIL_ON)) return 0;
  if (mode == KILL_BEFORE) die();
  if (mode == KILL_WITHIN) return 2;
  if (kind == FREES && error_number != EIO) return 0;
  atomic_store(&fired, 1);
  errno = error_number;
  return 1;
}
#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define GUARD(under, kind, call)                                   \
  int what = atomic_load(&armed) && (under) ? fault(kind) : 0;     \
  if (what == 1) return -1;                                        \
  __typeof__(call) result = call;                                  \
  if (what == 2) die();                                            \
  return result

#define OPEN(name)                                                                                   \
  int name(const char *path, int flags, ...) {                                                       \
    REAL(name);                                                                                      \
    va_list rest; va_start(rest, flags); mode_t rights = va_arg(rest, mode_t); va_end(rest);         \
    GUARD((flags & (O_WRONLY | O_RDWR | O_CREAT)) && path_is_under(AT_FDCWD, path), TAKES_SPACE, real(path, flags, rights)); \
  }
#define OPENAT(name)                                                                                 \
  int name(int directory, const char *path, int flags, ...) {                                        \
    REAL(name);                                                                                      \
    va_list rest; va_start(rest, flags); mode_t rights = va_arg(rest, mode_t); va_end(rest);         \
    GUARD((flags & (O_WRONLY | O_RDWR | O_CREAT)) && path_is_under(directory, path), TAKES_SPACE, real(directory, path, flags, rights)); \
  }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

/* Of a write that is killed within, half has reached the file. */
#define HALF(under, whole, half)                                   \
  int what = atomic_load(&armed) && (under) ? fault(WRITES) : 0;   \
  if (what == 1) return -1;                                        \
  if (what == 2) { (void)!(half); die(); }                         \
  return whole
ssize_t write(int fd, const void *from, size_t size) {
  REAL(write);
  HALF(fd_is_under(fd), real(fd, from, size), real(fd, from, size / 2));
}
#define PWRITE(name, offset_type)                                                    \
  ssize_t name(int fd, const void *from, size_t size, offset_type offset) {          \
    REAL(name);                                                                      \
    HALF(fd_is_under(fd), real(fd, from, size, offset), real(fd, from, size / 2, offset)); \
  }
PWRITE(pwrite, off_t) PWRITE(pwrite64, off64_t)
ssize_t writev(int fd, const struct iovec *parts, int number) {
  REAL(writev);
  HALF(fd_is_under(fd), real(fd, parts, number), real(fd, parts, number / 2));
}
#define PWRITEV(name, offset_type)                                                   \
  ssize_t name(int fd, const struct iovec *parts, int number, offset_type offset) {  \
    REAL(name);                                                                      \
    HALF(fd_is_under(fd), real(fd, parts, number, offset), real(fd, parts, number / 2, offset)); \
  }
PWRITEV(pwritev, off_t) PWRITEV(pwritev64, off64_t)

int fsync(int fd) { REAL(fsync); GUARD(fd_is_under(fd), WRITES, real(fd)); }
int fdatasync(int fd) { REAL(fdatasync); GUARD(fd_is_under(fd), WRITES, real(fd)); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); GUARD(fd_is_under(fd), TAKES_SPACE, real(fd, size)); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); GUARD(fd_is_under(fd), TAKES_SPACE, real(fd, size)); }
int rename(const char *from, const char *to) { REAL(rename); GUARD(path_is_under(AT_FDCWD, to), OTHER, real(from, to)); }
int renameat(int a, const char *from, int b, const char *to) {
  REAL(renameat);
  GUARD(path_is_under(b, to), OTHER, real(a, from, b, to));
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  REAL(renameat2);
  GUARD(path_is_under(b, to), OTHER, real(a, from, b, to, flags));
}
int mkdir(const char *path, mode_t rights) { REAL(mkdir); GUARD(path_is_under(AT_FDCWD, path), TAKES_SPACE, real(path, rights)); }
int mkdirat(int directory, const char *path, mode_t rights) {
  REAL(mkdirat);
  GUARD(path_is_under(directory, path), TAKES_SPACE, real(directory, path, rights));
}
int unlink(const char *path) { REAL(unlink); GUARD(path_is_under(AT_FDCWD, path), FREES, real(path)); }
int unlinkat(int directory, const char *path, int flags) {
  REAL(unlinkat);
  GUARD(path_is_under(directory, path), FREES, real(directory, path, flags));
}
int rmdir(const char *path) { REAL(rmdir); GUARD(path_is_under(AT_FDCWD, path), FREES, real(path)); }
