/*
 * Joins two TUN devices by a link that delays and loses whole IP packets, whatever they carry.
 *
 *   tun-bridge <device> <device> <seed>
 *
 * Creates both devices, prints "ready", and obeys lines on standard input:
 *   link <delay in microseconds> <loss one way> <loss other way>    losses are probabilities, 0 to 1
 *   stats                                                           prints one line of JSON, and starts counting anew
 * It ends when standard input does. What is not IPv4 is ignored: nothing but the benchmark shall use up the
 * random numbers. Linux only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_PACKET_BYTES 2048
#define QUEUE_PACKETS 8192 /* at 25 ms: 300,000 packets a second */
#define READS_PER_TURN 64

struct packet {
  int64_t due_ns;
  int length;
  unsigned char bytes[MAX_PACKET_BYTES];
};

/* What is read from one device and written to the other. The delay is the same for all, so it is a queue. */
struct direction {
  int from, to;
  double loss;
  uint64_t random;
  struct packet *queue;
  unsigned head, count;
  uint64_t passed, lost, overflowed, failed, late_ns_max;
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "tun-bridge: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* splitmix64, as a float in [0, 1). */
static double draw(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static int open_tun(const char *name) {
  struct ifreq request;
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) fail("/dev/net/tun");
  memset(&request, 0, sizeof request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  if (ioctl(fd, TUNSETIFF, &request) < 0) fail(name);
  return fd;
}

static void take_in(struct direction *way, int64_t delay_ns) {
  for (int reads = 0; reads < READS_PER_TURN; reads += 1) {
    static unsigned char overflow[MAX_PACKET_BYTES];
    int is_full = way->count == QUEUE_PACKETS;
    struct packet *slot = &way->queue[(way->head + way->count) % QUEUE_PACKETS];
    unsigned char *bytes = is_full ? overflow : slot->bytes;
    int length = (int)read(way->from, bytes, MAX_PACKET_BYTES);
    /* A device that is down, or not in its namespace yet, reads as an error: nothing to move. */
    if (length <= 0) return;
    if (bytes[0] >> 4 != 4) continue;
    if (draw(&way->random) < way->loss) {
      way->lost += 1;
    } else if (is_full) {
      way->overflowed += 1;
    } else {
      slot->due_ns = now_ns() + delay_ns;
      slot->length = length;
      way->count += 1;
    }
  }
}

static void let_out(struct direction *way) {
  int64_t now = now_ns();
  while (way->count > 0 && way->queue[way->head].due_ns <= now) {
    struct packet *packet = &way->queue[way->head];
    uint64_t late_ns = (uint64_t)(now - packet->due_ns);
    if (late_ns > way->late_ns_max) way->late_ns_max = late_ns;
    if (write(way->to, packet->bytes, packet->length) == packet->length) way->passed += 1;
    else way->failed += 1;
    way->head = (way->head + 1) % QUEUE_PACKETS;
    way->count -= 1;
  }
}

static void print_stats(struct direction *ways) {
  printf("[");
  for (int i = 0; i < 2; i += 1) {
    struct direction *way = &ways[i];
    printf("%s{\"passed\":%llu,\"lost\":%llu,\"overflowed\":%llu,\"failed\":%llu,\"lateUsMax\":%llu}", i ? "," : "",
           (unsigned long long)way->passed, (unsigned long long)way->lost, (unsigned long long)way->overflowed,
           (unsigned long long)way->failed, (unsigned long long)way->late_ns_max / 1000);
    way->passed = way->lost = way->overflowed = way->failed = way->late_ns_max = 0;
  }
  printf("]\n");
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: tun-bridge <device> <device> <seed>\n");
    return 2;
  }
  /* The kernel may otherwise wake us 50 microseconds late, to save power. */
  prctl(PR_SET_TIMERSLACK, 1);
  setvbuf(stdout, NULL, _IOLBF, 0);
  int devices[2] = {open_tun(argv[1]), open_tun(argv[2])};
  int64_t delay_ns = 0;
  struct direction ways[2];
  memset(ways, 0, sizeof ways);
  for (int i = 0; i < 2; i += 1) {
    ways[i].from = devices[i];
    ways[i].to = devices[1 - i];
    ways[i].random = strtoull(argv[3], NULL, 10) * 2 + (unsigned)i;
    ways[i].queue = malloc(QUEUE_PACKETS * sizeof(struct packet));
    if (ways[i].queue == NULL) fail("memory");
  }
  printf("ready\n");

  char line[256];
  unsigned line_length = 0;
  for (;;) {
    struct pollfd polled[3] = {{0, POLLIN, 0}, {devices[0], POLLIN, 0}, {devices[1], POLLIN, 0}};
    int64_t wait_ns = 1000000000LL, now = now_ns();
    for (int i = 0; i < 2; i += 1) {
      if (ways[i].count == 0) continue;
      int64_t until_ns = ways[i].queue[ways[i].head].due_ns - now;
      if (until_ns < wait_ns) wait_ns = until_ns > 0 ? until_ns : 0;
    }
    struct timespec timeout = {wait_ns / 1000000000LL, wait_ns % 1000000000LL};
    if (ppoll(polled, 3, &timeout, NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int i = 0; i < 2; i += 1) let_out(&ways[i]);
    for (int i = 0; i < 2; i += 1)
      if (polled[1 + i].revents & POLLIN) take_in(&ways[i], delay_ns);
    if (polled[0].revents == 0) continue;
    int length = (int)read(0, line + line_length, sizeof line - 1 - line_length);
    if (length <= 0) return 0;
    line_length += (unsigned)length;
    line[line_length] = 0;
    for (char *end; (end = strchr(line, '\n')) != NULL;) {
      long delay_us;
      double there, back;
      *end = 0;
      if (sscanf(line, "link %ld %lf %lf", &delay_us, &there, &back) == 3) {
        delay_ns = delay_us * 1000;
        ways[0].loss = there;
        ways[1].loss = back;
        printf("ok\n");
      } else if (strcmp(line, "stats") == 0) {
        print_stats(ways);
      } else {
        fprintf(stderr, "tun-bridge: unknown command: %s\n", line);
        return 2;
      }
      line_length -= (unsigned)(end + 1 - line);
      memmove(line, end + 1, line_length + 1);
    }
    if (line_length == sizeof line - 1) return 2;
  }
}
