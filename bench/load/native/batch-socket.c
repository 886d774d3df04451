// One UDP socket for all bots of a generator, for Node.js on Linux. It is bound to a port of every IPv4 address of this
// machine and talks to one server. Each datagram says from which local address it is to leave, or at which it arrived
// (IP_PKTINFO): that address is the bot. A system call moves a batch.
//
// JavaScript owns all memory: payload and headers are typed arrays, valid for as long as one call lasts and checked in
// each. Nothing here keeps a pointer to them. They are laid out like a DatagramBatch of @kaosnet/rudp:
//
//   payload, one Uint8Array: SLOT_BYTES of workspace, which this file leaves alone, then a slot of SLOT_BYTES for each
//   headers, one Uint32Array in the machine's byte order: HEADER_WORDS for each slot, of which
//     word 0   length of the datagram in bytes; after `receive`, 0 for what is not the server's or did not fit
//     word 4   the bot's IPv4 address as a number: 127.16.0.1 is 0x7f100001
//
// Functions return 0 or a count, and on failure the negative errno; they throw only for arguments of the wrong shape.
// Each thread of Node.js that loads this has its own state: nothing is global.

#define _GNU_SOURCE
#define NAPI_VERSION 8

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/** Of Linux 4.12; older C libraries lack it. */
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

#define SLOT_BYTES 1536u
#define HEADER_WORDS 8u
#define LENGTH_WORD 0u
#define ADDRESS_WORD 4u
/** Slots one call handles. What the kernel needs for each lies on the stack. */
#define MAX_SLOTS 128u
#define MAX_ADDRESS_TEXT 64u

/** One socket. It lives until its poll handle is closed and JavaScript holds none of its functions any more. */
typedef struct {
  uv_poll_t poll;
  napi_env env;
  napi_async_cleanup_hook_handle cleanup_hook;
  /** Called without arguments; a strong reference until the socket is closed. */
  napi_ref on_readable;
  napi_ref on_closed;
  struct sockaddr_in server;
  int fd;
  unsigned references;
  bool is_open;
  bool is_env_ending;
} batch_socket;

typedef union {
  struct cmsghdr aligned;
  char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
} packet_info;

// Arguments

static napi_value throw_type_error(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return NULL;
}

static napi_value make_int(napi_env env, int32_t value) {
  napi_value result;
  return napi_create_int32(env, value, &result) == napi_ok ? result : NULL;
}

/** Reads exactly `count` arguments; missing ones are undefined. Returns what the function was created with. */
static void *read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  void *data = NULL;
  napi_get_cb_info(env, info, &count, arguments, NULL, &data);
  return data;
}

static bool read_uint32(napi_env env, napi_value value, uint32_t most, uint32_t *result) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= 0 && number <= most)) return false;
  *result = (uint32_t)number;
  return *result == number;
}

static bool is_function(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_function;
}

static bool read_ipv4(napi_env env, napi_value value, struct in_addr *address) {
  char text[MAX_ADDRESS_TEXT];
  size_t whole = 0, length = 0;
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_string &&
         napi_get_value_string_utf8(env, value, NULL, 0, &whole) == napi_ok && whole < sizeof text &&
         napi_get_value_string_utf8(env, value, text, sizeof text, &length) == napi_ok && strlen(text) == whole &&
         uv_inet_pton(AF_INET, text, address) == 0;
}

/** The memory of a typed array; the length of one whose buffer was transferred elsewhere is 0. */
static bool read_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == wanted;
}

/** A batch: as many slots as both arrays have room for, at most MAX_SLOTS. `first` is where the first one begins. */
static bool read_batch(napi_env env, const napi_value *arguments, uint8_t **first, uint32_t **headers, size_t *slots) {
  void *payload, *words;
  size_t bytes, count;
  if (!read_array(env, arguments[0], napi_uint8_array, &payload, &bytes)) return false;
  if (!read_array(env, arguments[1], napi_uint32_array, &words, &count)) return false;
  const size_t in_payload = bytes / SLOT_BYTES;
  *slots = count / HEADER_WORDS;
  if (in_payload == 0) *slots = 0;
  else if (*slots > in_payload - 1) *slots = in_payload - 1;
  if (*slots > MAX_SLOTS) *slots = MAX_SLOTS;
  *headers = words;
  *first = *slots == 0 ? NULL : (uint8_t *)payload + SLOT_BYTES;
  return true;
}

// A socket's life

static void release(batch_socket *socket) {
  socket->references -= 1;
  if (socket->references == 0) free(socket);
}

static void on_function_collected(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  release(data);
}

/** Calls JavaScript from the event loop. What it throws is an uncaught exception, as from any other event. */
static void call_from_loop(batch_socket *socket, napi_ref callback) {
  napi_env env = socket->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value global, function;
  if (napi_get_reference_value(env, callback, &function) == napi_ok && function != NULL &&
      napi_get_global(env, &global) == napi_ok &&
      napi_make_callback(env, NULL, global, function, 0, NULL, NULL) == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

static void delete_reference(napi_env env, napi_ref *reference) {
  if (*reference != NULL) napi_delete_reference(env, *reference);
  *reference = NULL;
}

static void on_poll_closed(uv_handle_t *handle) {
  batch_socket *socket = handle->data;
  if (socket->on_closed != NULL && !socket->is_env_ending) call_from_loop(socket, socket->on_closed);
  delete_reference(socket->env, &socket->on_readable);
  delete_reference(socket->env, &socket->on_closed);
  if (socket->cleanup_hook != NULL) napi_remove_async_cleanup_hook(socket->cleanup_hook);
  release(socket);
}

static void begin_close(batch_socket *socket) {
  if (!socket->is_open) return;
  socket->is_open = false;
  uv_close((uv_handle_t *)&socket->poll, on_poll_closed);
  close(socket->fd);
  socket->fd = -1;
}

/** The thread ends with the socket open or closing. The hook is removed, and the thread goes on, in on_poll_closed. */
static void on_env_ending(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  batch_socket *socket = data;
  socket->is_env_ending = true;
  begin_close(socket);
}

/** Called anew in each turn of the event loop for as long as there is something to read. */
static void on_poll(uv_poll_t *poll, int status, int events) {
  batch_socket *socket = poll->data;
  if (status < 0) {
    // libuv stops polling when the kernel has an error to report: it is taken, and polling goes on.
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    uv_poll_start(poll, UV_READABLE, on_poll);
  }
  if ((events & UV_READABLE) != 0) call_from_loop(socket, socket->on_readable);
}

// A socket's functions

/** The bot a datagram was sent to, 0 when the kernel does not say. */
static uint32_t local_address(struct msghdr *message) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_PKTINFO) continue;
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(part), sizeof info);
    return ntohl(info.ipi_addr.s_addr);
  }
  return 0;
}

static bool is_of_server(const batch_socket *socket, const struct sockaddr_in *sender) {
  return sender->sin_addr.s_addr == socket->server.sin_addr.s_addr && sender->sin_port == socket->server.sin_port;
}

/** receive(payload, headers): how many slots were filled, 0 when nothing is there. */
static napi_value socket_receive(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  batch_socket *socket = read_arguments(env, info, 2, arguments);
  uint8_t *first;
  uint32_t *headers;
  size_t slots;
  if (!read_batch(env, arguments, &first, &headers, &slots)) return throw_type_error(env, "receive(payload, headers)");
  if (!socket->is_open) return make_int(env, -EBADF);
  if (slots == 0) return make_int(env, 0);
  struct mmsghdr messages[MAX_SLOTS];
  struct iovec parts[MAX_SLOTS];
  struct sockaddr_in senders[MAX_SLOTS];
  packet_info infos[MAX_SLOTS];
  for (size_t slot = 0; slot < slots; slot += 1) {
    parts[slot] = (struct iovec){first + slot * SLOT_BYTES, SLOT_BYTES};
    messages[slot].msg_hdr = (struct msghdr){
        .msg_name = &senders[slot],
        .msg_namelen = sizeof senders[slot],
        .msg_iov = &parts[slot],
        .msg_iovlen = 1,
        .msg_control = infos[slot].bytes,
        .msg_controllen = sizeof infos[slot].bytes,
    };
  }
  int count;
  do {
    count = recvmmsg(socket->fd, messages, (unsigned)slots, MSG_DONTWAIT, NULL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return make_int(env, errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno);
  for (int slot = 0; slot < count; slot += 1) {
    struct msghdr *message = &messages[slot].msg_hdr;
    const bool is_wanted = (message->msg_flags & MSG_TRUNC) == 0 && is_of_server(socket, &senders[slot]);
    headers[slot * HEADER_WORDS + LENGTH_WORD] = is_wanted ? messages[slot].msg_len : 0;
    headers[slot * HEADER_WORDS + ADDRESS_WORD] = local_address(message);
  }
  return make_int(env, count);
}

/** send(payload, headers, from, to): how many of these slots were sent, in order; or why not even the first was. */
static napi_value socket_send(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  batch_socket *socket = read_arguments(env, info, 4, arguments);
  uint8_t *first;
  uint32_t *headers;
  size_t slots;
  uint32_t from, to;
  if (!read_batch(env, arguments, &first, &headers, &slots) || !read_uint32(env, arguments[2], UINT32_MAX, &from) ||
      !read_uint32(env, arguments[3], UINT32_MAX, &to) || from > to || to > slots) {
    return throw_type_error(env, "send(payload, headers, from, to)");
  }
  if (!socket->is_open) return make_int(env, -EBADF);
  struct mmsghdr messages[MAX_SLOTS];
  struct iovec parts[MAX_SLOTS];
  packet_info infos[MAX_SLOTS];
  unsigned count = 0;
  for (uint32_t slot = from; slot < to; slot += 1, count += 1) {
    const uint32_t length = headers[slot * HEADER_WORDS + LENGTH_WORD];
    if (length > SLOT_BYTES) {
      if (count == 0) return make_int(env, -EMSGSIZE);
      break;
    }
    parts[count] = (struct iovec){first + (size_t)slot * SLOT_BYTES, length};
    struct msghdr *message = &messages[count].msg_hdr;
    *message = (struct msghdr){
        .msg_name = &socket->server,
        .msg_namelen = sizeof socket->server,
        .msg_iov = &parts[count],
        .msg_iovlen = 1,
        .msg_control = infos[count].bytes,
        .msg_controllen = sizeof infos[count].bytes,
    };
    memset(&infos[count], 0, sizeof infos[count]);
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
    const struct in_pktinfo source = {.ipi_spec_dst = {htonl(headers[slot * HEADER_WORDS + ADDRESS_WORD])}};
    memcpy(CMSG_DATA(control), &source, sizeof source);
  }
  if (count == 0) return make_int(env, 0);
  int sent;
  do {
    sent = sendmmsg(socket->fd, messages, count, MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return make_int(env, sent < 0 ? -errno : sent);
}

/** dropped(): datagrams that the system threw away because the receive buffer was full, since the socket was opened. */
static napi_value socket_dropped(napi_env env, napi_callback_info info) {
  batch_socket *socket = read_arguments(env, info, 0, NULL);
  if (!socket->is_open) return make_int(env, -EBADF);
  uint32_t memory[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof memory;
  if (getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) return make_int(env, -errno);
  return make_int(env, (int32_t)(memory[SK_MEMINFO_DROPS] & INT32_MAX));
}

/** receiveBufferBytes(): what the system has given; it counts what it needs for each datagram, too. */
static napi_value socket_receive_buffer(napi_env env, napi_callback_info info) {
  batch_socket *socket = read_arguments(env, info, 0, NULL);
  if (!socket->is_open) return make_int(env, -EBADF);
  int bytes = 0;
  socklen_t length = sizeof bytes;
  if (getsockopt(socket->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &length) != 0) return make_int(env, -errno);
  return make_int(env, bytes);
}

/** close(onClosed): idempotent; the function is called once, when nothing of the socket is left in the event loop. */
static napi_value socket_close(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  batch_socket *socket = read_arguments(env, info, 1, arguments);
  if (!is_function(env, arguments[0])) return throw_type_error(env, "close(onClosed)");
  if (!socket->is_open) return NULL;
  if (napi_create_reference(env, arguments[0], 1, &socket->on_closed) != napi_ok) socket->on_closed = NULL;
  begin_close(socket);
  return NULL;
}

// Opening

static bool add_function(napi_env env, napi_value object, const char *name, napi_callback callback, batch_socket *socket) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, socket, &function) != napi_ok) return false;
  // The function carries a pointer to the socket and may outlive the object it is put on.
  if (napi_add_finalizer(env, function, socket, on_function_collected, NULL, NULL) != napi_ok) return false;
  socket->references += 1;
  return napi_set_named_property(env, object, name, function) == napi_ok;
}

static napi_value make_socket_object(napi_env env, batch_socket *socket) {
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  const bool is_whole = add_function(env, object, "receive", socket_receive, socket) &&
                        add_function(env, object, "send", socket_send, socket) &&
                        add_function(env, object, "dropped", socket_dropped, socket) &&
                        add_function(env, object, "receiveBufferBytes", socket_receive_buffer, socket) &&
                        add_function(env, object, "close", socket_close, socket);
  return is_whole ? object : NULL;
}

/** The privileged option goes beyond net.core.rmem_max, and is refused to most; the plain one is cut there. */
static void set_buffer_sizes(int fd, int receive_bytes, int send_bytes) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  }
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_bytes, sizeof send_bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
  }
}

/** @returns a descriptor that is bound to a free port, or the negative errno */
static int open_bound(int receive_bytes, int send_bytes) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  set_buffer_sizes(fd, receive_bytes, send_bytes);
  const int on = 1;
  // As sockets that are connected do by themselves: no fragments, and so no identification for each datagram.
  const int discover = IP_PMTUDISC_DO;
  setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
  const struct sockaddr_in any = {.sin_family = AF_INET};
  if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0 &&
      bind(fd, (const struct sockaddr *)&any, sizeof any) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  return -error;
}

/** open(serverIp, serverPort, receiveBytes, sendBytes, onReadable): a socket, or a negative errno. */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  read_arguments(env, info, 5, arguments);
  struct sockaddr_in server = {.sin_family = AF_INET};
  uint32_t port, receive_bytes, send_bytes;
  if (!read_ipv4(env, arguments[0], &server.sin_addr) || !read_uint32(env, arguments[1], 65535, &port) ||
      !read_uint32(env, arguments[2], INT32_MAX / 2, &receive_bytes) ||
      !read_uint32(env, arguments[3], INT32_MAX / 2, &send_bytes) || !is_function(env, arguments[4])) {
    return throw_type_error(env, "open(serverIp, serverPort, receiveBytes, sendBytes, onReadable)");
  }
  server.sin_port = htons((uint16_t)port);
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return make_int(env, -ENOSYS);
  const int fd = open_bound((int)receive_bytes, (int)send_bytes);
  if (fd < 0) return make_int(env, fd);
  batch_socket *socket = calloc(1, sizeof *socket);
  const int error = socket == NULL ? -ENOMEM : uv_poll_init(loop, &socket->poll, fd);
  if (error != 0) {
    close(fd);
    free(socket);
    return make_int(env, error);
  }
  socket->poll.data = socket;
  socket->env = env;
  socket->server = server;
  socket->fd = fd;
  socket->is_open = true;
  // The poll handle holds one; closing it, which every way out from here does, gives it back.
  socket->references = 1;
  napi_value object = make_socket_object(env, socket);
  const bool is_usable = object != NULL &&
                         napi_create_reference(env, arguments[4], 1, &socket->on_readable) == napi_ok &&
                         napi_add_async_cleanup_hook(env, on_env_ending, socket, &socket->cleanup_hook) == napi_ok &&
                         uv_poll_start(&socket->poll, UV_READABLE, on_poll) == 0;
  if (!is_usable) {
    begin_close(socket);
    return make_int(env, -ENOMEM);
  }
  return object;
}

static napi_value initialize(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"open", NULL, open_socket, NULL, NULL, NULL, napi_enumerable, NULL},
      {"slotBytes", NULL, NULL, NULL, NULL, make_int(env, SLOT_BYTES), napi_enumerable, NULL},
      {"headerWords", NULL, NULL, NULL, NULL, make_int(env, HEADER_WORDS), napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}

NAPI_MODULE_INIT() { return initialize(env, exports); }
