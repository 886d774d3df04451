// The yardstick: the least a program can do to echo datagrams in batches. It prints its port, then answers lines.

#define _GNU_SOURCE

#include "line-answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SLOT_BYTES = 1536, BUFFER_BYTES = 4 * 1024 * 1024 };

static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static struct sockaddr_in addresses[BATCH];
static char slots[BATCH][SLOT_BYTES];

static int open_socket(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0) fail("bind");
  const int bytes = BUFFER_BYTES;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) fail("getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(void) {
  const int fd = open_socket();
  start_answering();
  for (;;) {
    for (int slot = 0; slot < BATCH; slot += 1) {
      parts[slot] = (struct iovec){slots[slot], SLOT_BYTES};
      messages[slot].msg_hdr = (struct msghdr){
          .msg_name = &addresses[slot],
          .msg_namelen = sizeof addresses[slot],
          .msg_iov = &parts[slot],
          .msg_iovlen = 1,
      };
    }
    const int received = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) fail("recvmmsg");
    for (int slot = 0; slot < received; slot += 1) parts[slot].iov_len = messages[slot].msg_len;
    for (int sent = 0; sent < received;) {
      const int count = sendmmsg(fd, messages + sent, (unsigned)(received - sent), 0);
      if (count < 0) fail("sendmmsg");
      sent += count;
    }
    atomic_fetch_add(&datagrams, (unsigned long long)received);
  }
}
