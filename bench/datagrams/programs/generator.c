// Keeps an echo server busy: FLOWS sockets, each with IN_FLIGHT datagrams on their way. An echo is answered with the
// next datagram. It answers lines; `datagrams` are the echoes, `lost` what did not come back in time.
//
//   generator PORT FLOWS IN_FLIGHT BYTES

#define _GNU_SOURCE

#include "line-answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_FLOWS = 1024, BATCH = 64, SLOT_BYTES = 1536, BUFFER_BYTES = 4 * 1024 * 1024, SILENCE_MS = 250 };

typedef struct {
  unsigned in_flight;
  double heard_at_ms;
} flow;

static struct pollfd sockets[MAX_FLOWS];
static flow flows[MAX_FLOWS];
static struct mmsghdr incoming[BATCH], outgoing[BATCH];
static struct iovec incoming_parts[BATCH], outgoing_part;
static char slots[BATCH][SLOT_BYTES], payload[SLOT_BYTES];

/** Each flow has an address of its own, 127.0.1.0 and so on, as clients of a real server do. */
static int open_socket(unsigned index, unsigned port) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000100u + index)};
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  server.sin_port = htons((uint16_t)port);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) fail("bind");
  if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0) fail("connect");
  const int bytes = BUFFER_BYTES;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  return fd;
}

static void send_some(unsigned index, unsigned count) {
  while (count > 0) {
    const int sent = sendmmsg(sockets[index].fd, outgoing, count < BATCH ? count : BATCH, 0);
    if (sent < 0 && errno == ECONNREFUSED) exit(0);
    // What the system has no room for is sent when the flow has been silent.
    if (sent <= 0) return;
    flows[index].in_flight += (unsigned)sent;
    count -= (unsigned)sent;
  }
}

static void receive_some(unsigned index, unsigned wanted) {
  flow *of = &flows[index];
  const int received = recvmmsg(sockets[index].fd, incoming, BATCH, MSG_DONTWAIT, NULL);
  if (received <= 0) return;
  of->heard_at_ms = milliseconds();
  of->in_flight -= (unsigned)received < of->in_flight ? (unsigned)received : of->in_flight;
  atomic_fetch_add(&datagrams, (unsigned long long)received);
  if (of->in_flight < wanted) send_some(index, wanted - of->in_flight);
}

static void restart_silent_flows(unsigned count, unsigned wanted, double now_ms) {
  for (unsigned index = 0; index < count; index += 1) {
    flow *of = &flows[index];
    if (now_ms - of->heard_at_ms < SILENCE_MS) continue;
    atomic_fetch_add(&lost, of->in_flight);
    of->heard_at_ms = now_ms;
    of->in_flight = 0;
    send_some(index, wanted);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 1;
  const unsigned port = (unsigned)number_from(argv[1]);
  const unsigned count = (unsigned)number_from(argv[2]);
  const unsigned wanted = (unsigned)number_from(argv[3]);
  const unsigned bytes = (unsigned)number_from(argv[4]);
  if (count < 1 || count > MAX_FLOWS || bytes > SLOT_BYTES) return 1;
  outgoing_part = (struct iovec){payload, bytes};
  for (int slot = 0; slot < BATCH; slot += 1) {
    incoming_parts[slot] = (struct iovec){slots[slot], SLOT_BYTES};
    incoming[slot].msg_hdr = (struct msghdr){.msg_iov = &incoming_parts[slot], .msg_iovlen = 1};
    outgoing[slot].msg_hdr = (struct msghdr){.msg_iov = &outgoing_part, .msg_iovlen = 1};
  }
  for (unsigned index = 0; index < count; index += 1) {
    sockets[index] = (struct pollfd){.fd = open_socket(index, port), .events = POLLIN};
    flows[index].heard_at_ms = milliseconds();
    send_some(index, wanted);
  }
  start_answering();
  double checked_at_ms = milliseconds();
  for (;;) {
    poll(sockets, count, SILENCE_MS);
    for (unsigned index = 0; index < count; index += 1) {
      if ((sockets[index].revents & POLLIN) != 0) receive_some(index, wanted);
    }
    const double now_ms = milliseconds();
    if (now_ms - checked_at_ms < SILENCE_MS) continue;
    checked_at_ms = now_ms;
    restart_silent_flows(count, wanted, now_ms);
  }
}
