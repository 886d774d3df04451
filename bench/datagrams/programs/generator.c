// Keeps an echo server busy: IN_FLIGHT datagrams are on their way, and an echo is answered with the next one. They come
// from ADDRESSES addresses in turn, so that with several of them no two in a row go back to the same. It answers lines;
// `datagrams` are the echoes, `lost` what did not come back in time.
//
//   generator PORT ADDRESSES IN_FLIGHT BYTES

#define _GNU_SOURCE

#include "line-answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SLOT_BYTES = 1536, BUFFER_BYTES = 4 * 1024 * 1024, SILENCE_MS = 250 };

static struct mmsghdr incoming[BATCH], outgoing[BATCH];
static struct iovec incoming_parts[BATCH], outgoing_part;
static char slots[BATCH][SLOT_BYTES], payload[SLOT_BYTES];
static union {
  struct cmsghdr aligned;
  char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
} sources[BATCH];

static unsigned long number_from(const char *text) {
  char *end;
  const unsigned long number = strtoul(text, &end, 10);
  if (*text == '\0' || *end != '\0') {
    fprintf(stderr, "not a number: %s\n", text);
    exit(1);
  }
  return number;
}

static int open_socket(void) {
  struct sockaddr_in own = {.sin_family = AF_INET};
  const struct timeval silence = {.tv_usec = SILENCE_MS * 1000};
  const int bytes = BUFFER_BYTES;
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) fail("bind");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) != 0) fail("SO_RCVTIMEO");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  return fd;
}

/** The next address of this machine to send from: 127.0.1.0, 127.0.1.1 and so on. */
static void write_source(unsigned slot, unsigned address) {
  struct cmsghdr *header = CMSG_FIRSTHDR(&outgoing[slot].msg_hdr);
  struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(0x7f000100u + address)};
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(header), &info, sizeof info);
}

static void send_some(int fd, unsigned addresses, unsigned count) {
  static unsigned next = 0;
  while (count > 0) {
    const unsigned batch = count < BATCH ? count : BATCH;
    for (unsigned slot = 0; slot < batch; slot += 1) write_source(slot, (next + slot) % addresses);
    const int sent = sendmmsg(fd, outgoing, batch, 0);
    if (sent < 0) fail("sendmmsg");
    next = (next + (unsigned)sent) % addresses;
    count -= (unsigned)sent;
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 1;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  server.sin_port = htons((uint16_t)number_from(argv[1]));
  const unsigned addresses = (unsigned)number_from(argv[2]);
  const unsigned in_flight = (unsigned)number_from(argv[3]);
  outgoing_part = (struct iovec){payload, number_from(argv[4])};
  if (addresses < 1 || outgoing_part.iov_len > SLOT_BYTES) return 1;
  for (int slot = 0; slot < BATCH; slot += 1) {
    incoming_parts[slot] = (struct iovec){slots[slot], SLOT_BYTES};
    incoming[slot].msg_hdr = (struct msghdr){.msg_iov = &incoming_parts[slot], .msg_iovlen = 1};
    outgoing[slot].msg_hdr = (struct msghdr){
        .msg_name = &server,
        .msg_namelen = sizeof server,
        .msg_iov = &outgoing_part,
        .msg_iovlen = 1,
        .msg_control = sources[slot].bytes,
        .msg_controllen = sizeof sources[slot].bytes,
    };
  }
  const int fd = open_socket();
  start_answering();
  send_some(fd, addresses, in_flight);
  for (;;) {
    const int received = recvmmsg(fd, incoming, BATCH, MSG_WAITFORONE, NULL);
    if (received > 0) {
      atomic_fetch_add(&datagrams, (unsigned long long)received);
      send_some(fd, addresses, (unsigned)received);
    } else if (errno == EAGAIN) {
      // All were lost: what comes later than this is counted beside its replacement.
      atomic_fetch_add(&lost, (unsigned long long)in_flight);
      send_some(fd, addresses, in_flight);
    } else if (errno != EINTR) {
      fail("recvmmsg");
    }
  }
}
