// What both programs tell the benchmark: a thread answers each line on standard input with what the process has done
// and used so far, so that the loop that is measured is not interrupted.

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static atomic_ullong datagrams;
static atomic_ullong lost;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *answer_lines(void *unused) {
  (void)unused;
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const long long cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec +
                             usage.ru_stime.tv_usec;
    printf("{\"atMs\":%.3f,\"cpuUs\":%lld,\"datagrams\":%llu,\"lost\":%llu}\n", milliseconds(), cpu_us,
           atomic_load(&datagrams), atomic_load(&lost));
    fflush(stdout);
  }
  // The benchmark has ended.
  exit(0);
}

static void start_answering(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, answer_lines, NULL) != 0) fail("pthread_create");
}
