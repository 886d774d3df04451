/*
 * Echo over ENet: the same timetable as latency/echo-times.ts, for a row to compare with.
 *
 *   enet-echo server <ip> <port>
 *   enet-echo client <ip> <port> <connections> <bytes> <hz> <warm-up seconds> <seconds> reliable|unsequenced
 *
 * The server prints "listening". The client prints "connected", waits for a line on standard input, measures, and
 * prints one line of JSON. Both end with the process that started them. Linux only.
 */
#include <enet/enet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define MAX_CONNECTIONS 1000
#define MAX_MESSAGE_BYTES 1200
#define RELIABLE_DRAIN_MS 15000
#define UNRELIABLE_DRAIN_MS 500

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000.0 + now.tv_nsec / 1000000.0;
}

static void fail(const char *what) {
  fprintf(stderr, "enet-echo: %s\n", what);
  exit(1);
}

static int has_input(void) {
  struct pollfd input = {0, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}

static void serve(ENetAddress *address) {
  ENetHost *host = enet_host_create(address, MAX_CONNECTIONS, 1, 0, 0);
  if (host == NULL) fail("cannot listen");
  puts("listening");
  for (;;) {
    ENetEvent event;
    int result = enet_host_service(host, &event, 100);
    for (; result > 0; result = enet_host_check_events(host, &event)) {
      if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
      enet_uint32 flags = event.packet->flags & (ENET_PACKET_FLAG_RELIABLE | ENET_PACKET_FLAG_UNSEQUENCED);
      enet_peer_send(event.peer, 0, enet_packet_create(event.packet->data, event.packet->dataLength, flags));
      enet_packet_destroy(event.packet);
      enet_host_flush(host);
    }
  }
}

struct timetable {
  double start_ms, interval_ms;
  unsigned count, warm_up, next, received;
  double *round_trips_ms, *send_late_ms;
};

static double due_ms(const struct timetable *times, unsigned index) {
  return times->start_ms + index * times->interval_ms;
}

static void take_echoes(ENetHost *host, struct timetable *times, unsigned wait_ms) {
  ENetEvent event;
  int result = enet_host_service(host, &event, wait_ms);
  for (; result > 0; result = enet_host_check_events(host, &event)) {
    if (event.type == ENET_EVENT_TYPE_DISCONNECT) fail("disconnected");
    if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
    unsigned index;
    memcpy(&index, event.packet->data, sizeof index);
    enet_packet_destroy(event.packet);
    if (index >= times->count || times->round_trips_ms[index] >= 0) continue;
    times->round_trips_ms[index] = now_ms() - due_ms(times, index);
    if (index >= times->warm_up) times->received += 1;
  }
}

static void print_times(const char *name, const double *values, const struct timetable *times) {
  const char *separator = "";
  printf("\"%s\":[", name);
  for (unsigned i = times->warm_up; i < times->count; i += 1) {
    if (values[i] < 0) continue;
    printf("%s%.3f", separator, values[i]);
    separator = ",";
  }
  printf("]");
}

static void measure(ENetHost *host, ENetPeer **peers, unsigned connections, unsigned bytes, enet_uint32 flags,
                    struct timetable *times) {
  static unsigned char message[MAX_MESSAGE_BYTES];
  times->start_ms = now_ms();
  while (times->next < times->count) {
    double wait_ms = due_ms(times, times->next) - now_ms();
    if (wait_ms > 0) {
      take_echoes(host, times, wait_ms > 1 ? (unsigned)wait_ms : 1);
      continue;
    }
    unsigned index = times->next++;
    times->send_late_ms[index] = -wait_ms;
    memcpy(message, &index, sizeof index);
    enet_peer_send(peers[index % connections], 0, enet_packet_create(message, bytes, flags));
    enet_host_flush(host);
  }
  double until_ms = now_ms() + (flags == ENET_PACKET_FLAG_RELIABLE ? RELIABLE_DRAIN_MS : UNRELIABLE_DRAIN_MS);
  while (times->received < times->count - times->warm_up && now_ms() < until_ms) take_echoes(host, times, 1);
}

static void connect_all(ENetHost *host, const ENetAddress *address, ENetPeer **peers, unsigned connections) {
  for (unsigned i = 0; i < connections; i += 1) {
    peers[i] = enet_host_connect(host, address, 1, 0);
    if (peers[i] == NULL) fail("cannot connect");
  }
  for (unsigned connected = 0; connected < connections;) {
    ENetEvent event;
    if (enet_host_service(host, &event, 5000) <= 0 || event.type != ENET_EVENT_TYPE_CONNECT) fail("cannot connect");
    connected += 1;
  }
}

static void run_client(ENetAddress *address, char **argv) {
  unsigned connections = (unsigned)atoi(argv[4]), bytes = (unsigned)atoi(argv[5]);
  double hz = atof(argv[6]), warm_up_seconds = atof(argv[7]), seconds = atof(argv[8]);
  enet_uint32 flags =
      strcmp(argv[9], "reliable") == 0 ? ENET_PACKET_FLAG_RELIABLE : ENET_PACKET_FLAG_UNSEQUENCED;
  if (connections < 1 || connections > MAX_CONNECTIONS || bytes < sizeof(unsigned) || bytes > MAX_MESSAGE_BYTES)
    fail("bad arguments");
  ENetHost *host = enet_host_create(NULL, connections, 1, 0, 0);
  if (host == NULL) fail("no socket");
  ENetPeer *peers[MAX_CONNECTIONS];
  connect_all(host, address, peers, connections);
  puts("connected");
  /* Keeps the connections alive until told to begin. */
  struct timetable times = {0};
  while (!has_input()) take_echoes(host, &times, 1);

  times.interval_ms = 1000 / hz / connections;
  times.warm_up = connections * (unsigned)(hz * warm_up_seconds + 0.5);
  times.count = times.warm_up + connections * (unsigned)(hz * seconds + 0.5);
  times.round_trips_ms = malloc(times.count * sizeof(double));
  times.send_late_ms = malloc(times.count * sizeof(double));
  if (times.round_trips_ms == NULL || times.send_late_ms == NULL) fail("memory");
  for (unsigned i = 0; i < times.count; i += 1) times.round_trips_ms[i] = -1;
  measure(host, peers, connections, bytes, flags, &times);

  printf("{\"sent\":%u,", times.count - times.warm_up);
  print_times("roundTripsMs", times.round_trips_ms, &times);
  printf(",");
  print_times("sendLateMs", times.send_late_ms, &times);
  printf("}\n");
}

int main(int argc, char **argv) {
  ENetAddress address;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 4 || enet_initialize() != 0 || enet_address_set_host_ip(&address, argv[2]) != 0) fail("bad arguments");
  address.port = (enet_uint16)atoi(argv[3]);
  if (strcmp(argv[1], "server") == 0) serve(&address);
  else if (argc == 10) run_client(&address, argv);
  else fail("bad arguments");
  return 0;
}
