// UDP sockets for Node.js that move a batch of datagrams per system call, and per call from JavaScript. Linux only.
//
// JavaScript owns all memory: a batch's payload and its headers are typed arrays, valid for as long as one call lasts
// and checked in each. Nothing here keeps a pointer to them.
//
// Payload, one Uint8Array: SLOT_BYTES of workspace, which this file leaves alone, then one slot of SLOT_BYTES for each
// datagram. Headers, one Uint32Array in the machine's byte order, HEADER_WORDS words for each slot:
//
//   word 0     length of the datagram in bytes; after `receive` it may exceed SLOT_BYTES: what did not fit is lost
//   word 1     port
//   word 2     address family: 4 or 6; anything else is an address that cannot be sent to
//   word 3     IPv6 scope id, otherwise 0
//   words 4-7  address bytes in network order: 4 of them for IPv4, 16 for IPv6
//
// Functions return 0 or a count, and on failure the negative errno; they throw only for arguments of the wrong shape.
// Each thread of Node.js that loads this has its own state: nothing is global.

#define _GNU_SOURCE
#define NAPI_VERSION 8

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/** Of Linux 4.18; older C libraries lack it. */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SLOT_BYTES 1536u
#define HEADER_WORDS 8u
/** Slots one call handles; a longer batch takes several. What the kernel needs for each lies on the stack. */
#define MAX_SLOTS 128u
#define MAX_ADDRESS_TEXT 80u
/** Datagrams the kernel cuts one message into: its own bounds are 64, and 65,507 bytes together. */
#define MAX_SEGMENTS 32u
#define MAX_SEGMENTED_BYTES 65000u

enum { EVENT_READABLE = 1, EVENT_WRITABLE = 2, EVENT_ERROR = 4 };
enum { FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

typedef struct {
  uint32_t length;
  uint32_t port;
  uint32_t family;
  uint32_t scope_id;
  uint8_t address[16];
} slot_header;

_Static_assert(sizeof(slot_header) == HEADER_WORDS * sizeof(uint32_t), "a header is HEADER_WORDS words");

typedef union {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
} socket_address;

/** What one environment, that is one thread running JavaScript, has of this addon. */
typedef struct {
  uint32_t open_sockets;
} addon_state;

/** One socket. It lives until its poll handle is closed and JavaScript holds none of its functions any more. */
typedef struct {
  uv_poll_t poll;
  napi_env env;
  addon_state *addon;
  napi_async_cleanup_hook_handle cleanup_hook;
  /** Called with events and errno; a strong reference until the socket is closed. */
  napi_ref on_event;
  napi_ref on_closed;
  int fd;
  unsigned references;
  bool is_ipv6;
  bool is_connected;
  /** The kernel cuts a message into datagrams (UDP GSO), which costs it much less than as many messages. */
  bool can_segment;
  bool is_open;
  bool is_env_ending;
  bool wants_writable;
  /** JavaScript was told of datagrams and has not received since; being told again makes polling pause. */
  bool is_announced;
  bool is_paused;
} udp_socket;

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

/** A text that does not fit, or holds a zero byte, is no address. */
static bool read_text(napi_env env, napi_value value, char text[MAX_ADDRESS_TEXT]) {
  size_t whole = 0;
  size_t length = 0;
  return napi_get_value_string_utf8(env, value, NULL, 0, &whole) == napi_ok && whole < MAX_ADDRESS_TEXT &&
         napi_get_value_string_utf8(env, value, text, MAX_ADDRESS_TEXT, &length) == napi_ok &&
         strlen(text) == whole;
}

/** The memory of a typed array; the length of one whose buffer was transferred elsewhere is 0. */
static bool read_array(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == wanted;
}

static bool read_headers(napi_env env, napi_value value, slot_header **headers, size_t *slots) {
  void *data;
  size_t words;
  if (!read_array(env, value, napi_uint32_array, &data, &words)) return false;
  *headers = data;
  *slots = words / HEADER_WORDS;
  return true;
}

/** A batch: as many slots as both arrays have room for. */
static bool read_batch(napi_env env, const napi_value *arguments, uint8_t **first, slot_header **headers, size_t *slots) {
  void *data;
  size_t bytes;
  if (!read_array(env, arguments[0], napi_uint8_array, &data, &bytes)) return false;
  if (!read_headers(env, arguments[1], headers, slots)) return false;
  const size_t in_payload = bytes / SLOT_BYTES;
  if (in_payload < 2) {
    *slots = 0;
    return true;
  }
  if (*slots > in_payload - 1) *slots = in_payload - 1;
  *first = (uint8_t *)data + SLOT_BYTES;
  return true;
}

// Addresses

static socklen_t header_to_address(const slot_header *header, socket_address *address) {
  memset(address, 0, sizeof *address);
  if (header->family == FAMILY_IPV6) {
    address->ipv6.sin6_family = AF_INET6;
    address->ipv6.sin6_port = htons((uint16_t)header->port);
    address->ipv6.sin6_scope_id = header->scope_id;
    memcpy(&address->ipv6.sin6_addr, header->address, 16);
    return sizeof address->ipv6;
  }
  address->ipv4.sin_family = AF_INET;
  address->ipv4.sin_port = htons((uint16_t)header->port);
  memcpy(&address->ipv4.sin_addr, header->address, 4);
  return sizeof address->ipv4;
}

static void address_to_header(const socket_address *address, slot_header *header) {
  memset(header->address, 0, sizeof header->address);
  if (address->any.sa_family == AF_INET6) {
    header->family = FAMILY_IPV6;
    header->port = ntohs(address->ipv6.sin6_port);
    header->scope_id = address->ipv6.sin6_scope_id;
    memcpy(header->address, &address->ipv6.sin6_addr, 16);
  } else {
    header->family = FAMILY_IPV4;
    header->port = ntohs(address->ipv4.sin_port);
    header->scope_id = 0;
    memcpy(header->address, &address->ipv4.sin_addr, 4);
  }
}

static int text_to_address(const char *text, uint32_t port, bool is_ipv6, socket_address *address) {
  memset(address, 0, sizeof *address);
  return is_ipv6 ? uv_ip6_addr(text, (int)port, &address->ipv6) : uv_ip4_addr(text, (int)port, &address->ipv4);
}

static socklen_t address_length(bool is_ipv6) {
  return is_ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/** Arguments: text, port, is_ipv6. */
static bool read_address(napi_env env, const napi_value *arguments, bool *is_ipv6, socket_address *address, int *error) {
  char text[MAX_ADDRESS_TEXT];
  uint32_t port;
  if (napi_get_value_bool(env, arguments[2], is_ipv6) != napi_ok) return false;
  if (!read_uint32(env, arguments[1], 65535, &port)) return false;
  napi_valuetype type;
  if (napi_typeof(env, arguments[0], &type) != napi_ok || type != napi_string) return false;
  *error = read_text(env, arguments[0], text) ? text_to_address(text, port, *is_ipv6, address) : -EINVAL;
  return true;
}

/** parseAddress(text, port, isIPv6, headers): fills header 0. */
static napi_value parse_address(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  read_arguments(env, info, 4, arguments);
  bool is_ipv6;
  socket_address address;
  int error;
  slot_header *headers;
  size_t slots;
  if (!read_address(env, arguments, &is_ipv6, &address, &error) ||
      !read_headers(env, arguments[3], &headers, &slots) || slots < 1) {
    return throw_type_error(env, "parseAddress(text, port, isIPv6, headers)");
  }
  if (error == 0) address_to_header(&address, headers);
  return make_int(env, error);
}

/** formatAddress(headers, slot): the text of an address, as node:dgram writes it. */
static napi_value format_address(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  read_arguments(env, info, 2, arguments);
  slot_header *headers;
  size_t slots;
  uint32_t slot;
  if (!read_headers(env, arguments[0], &headers, &slots) || !read_uint32(env, arguments[1], UINT32_MAX, &slot) ||
      slot >= slots) {
    return throw_type_error(env, "formatAddress(headers, slot)");
  }
  socket_address address;
  header_to_address(&headers[slot], &address);
  char text[INET6_ADDRSTRLEN + 1 + UV_IF_NAMESIZE] = "";
  if (address.any.sa_family == AF_INET6) {
    uv_ip6_name(&address.ipv6, text, INET6_ADDRSTRLEN);
    if (IN6_IS_ADDR_LINKLOCAL(&address.ipv6.sin6_addr) && address.ipv6.sin6_scope_id > 0) {
      const size_t length = strlen(text);
      size_t room = sizeof text - length - 1;
      text[length] = '%';
      if (uv_if_indextoiid(address.ipv6.sin6_scope_id, text + length + 1, &room) != 0) text[length] = '\0';
    }
  } else {
    uv_ip4_name(&address.ipv4, text, INET_ADDRSTRLEN);
  }
  napi_value result;
  return napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

// A socket's life

static void release(udp_socket *socket) {
  socket->references -= 1;
  if (socket->references == 0) free(socket);
}

static void on_function_collected(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  release(data);
}

/** Calls JavaScript from the event loop. What it throws is an uncaught exception, as from any other event. */
static void call_from_loop(udp_socket *socket, napi_ref callback, size_t count, const int32_t *numbers) {
  napi_env env = socket->env;
  napi_value global, function, arguments[2];
  if (napi_get_reference_value(env, callback, &function) != napi_ok || function == NULL) return;
  if (napi_get_global(env, &global) != napi_ok) return;
  for (size_t index = 0; index < count; index += 1) {
    if (napi_create_int32(env, numbers[index], &arguments[index]) != napi_ok) return;
  }
  if (napi_make_callback(env, NULL, global, function, count, arguments, NULL) == napi_pending_exception) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
}

static void delete_reference(napi_env env, napi_ref *reference) {
  if (*reference != NULL) napi_delete_reference(env, *reference);
  *reference = NULL;
}

static void on_poll_closed(uv_handle_t *handle) {
  udp_socket *socket = handle->data;
  napi_env env = socket->env;
  socket->addon->open_sockets -= 1;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) == napi_ok) {
    if (socket->on_closed != NULL && !socket->is_env_ending) call_from_loop(socket, socket->on_closed, 0, NULL);
    napi_close_handle_scope(env, scope);
  }
  delete_reference(env, &socket->on_event);
  delete_reference(env, &socket->on_closed);
  napi_remove_async_cleanup_hook(socket->cleanup_hook);
  release(socket);
}

static void begin_close(udp_socket *socket) {
  if (!socket->is_open) return;
  socket->is_open = false;
  uv_close((uv_handle_t *)&socket->poll, on_poll_closed);
  close(socket->fd);
  socket->fd = -1;
}

/** The thread ends with the socket open or closing. The hook is removed, and the thread goes on, in on_poll_closed. */
static void on_env_ending(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  udp_socket *socket = data;
  socket->is_env_ending = true;
  begin_close(socket);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void update_polling(udp_socket *socket) {
  const int events = (socket->is_paused ? 0 : UV_READABLE) | (socket->wants_writable ? UV_WRITABLE : 0);
  if (events == 0) uv_poll_stop(&socket->poll);
  else uv_poll_start(&socket->poll, events, on_poll);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  udp_socket *socket = poll->data;
  int32_t numbers[2] = {0, 0};
  if (status < 0) {
    // libuv stops polling when the kernel has an error to report, such as an ICMP message: it is taken and polling
    // goes on.
    socklen_t length = sizeof(int);
    int error = 0;
    getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      numbers[0] |= EVENT_ERROR;
      numbers[1] = error;
    }
    update_polling(socket);
  }
  if ((events & UV_READABLE) != 0) {
    if (socket->is_announced) {
      socket->is_paused = true;
      update_polling(socket);
    } else {
      socket->is_announced = true;
      numbers[0] |= EVENT_READABLE;
    }
  }
  if ((events & UV_WRITABLE) != 0 && socket->wants_writable) {
    socket->wants_writable = false;
    update_polling(socket);
    numbers[0] |= EVENT_WRITABLE;
  }
  if (numbers[0] == 0) return;
  napi_handle_scope scope;
  if (napi_open_handle_scope(socket->env, &scope) != napi_ok) return;
  call_from_loop(socket, socket->on_event, 2, numbers);
  napi_close_handle_scope(socket->env, scope);
}

// A socket's functions

/** receive(payload, headers): how many slots were filled, 0 when nothing is there. */
static napi_value socket_receive(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  udp_socket *socket = read_arguments(env, info, 2, arguments);
  uint8_t *first = NULL;
  slot_header *headers;
  size_t slots;
  if (!read_batch(env, arguments, &first, &headers, &slots)) {
    return throw_type_error(env, "receive(payload, headers)");
  }
  if (!socket->is_open) return make_int(env, -EBADF);
  if (slots > MAX_SLOTS) slots = MAX_SLOTS;
  struct mmsghdr messages[MAX_SLOTS];
  struct iovec parts[MAX_SLOTS];
  socket_address addresses[MAX_SLOTS];
  for (size_t slot = 0; slot < slots; slot += 1) {
    parts[slot] = (struct iovec){first + slot * SLOT_BYTES, SLOT_BYTES};
    messages[slot].msg_hdr = (struct msghdr){
        .msg_name = &addresses[slot],
        .msg_namelen = sizeof addresses[slot],
        .msg_iov = &parts[slot],
        .msg_iovlen = 1,
    };
  }
  int count = 0;
  do {
    if (slots > 0) count = recvmmsg(socket->fd, messages, (unsigned)slots, MSG_DONTWAIT | MSG_TRUNC, NULL);
  } while (count < 0 && errno == EINTR);
  const int error = count < 0 ? errno : 0;
  socket->is_announced = false;
  if (socket->is_paused) {
    socket->is_paused = false;
    update_polling(socket);
  }
  if (error != 0) return make_int(env, error == EAGAIN || error == EWOULDBLOCK ? 0 : -error);
  for (int slot = 0; slot < count; slot += 1) {
    headers[slot].length = messages[slot].msg_len;
    address_to_header(&addresses[slot], &headers[slot]);
  }
  return make_int(env, count);
}

/** What a call of sendmmsg needs; it lives on the stack. */
typedef struct {
  struct mmsghdr messages[MAX_SLOTS];
  struct iovec parts[MAX_SLOTS];
  socket_address addresses[MAX_SLOTS];
  /** Slots that each message carries. */
  uint8_t runs[MAX_SLOTS];
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
  } controls[MAX_SLOTS];
  unsigned count;
} outgoing;

/** @returns 0 or the error for a slot that cannot be sent */
static int check_outgoing(const udp_socket *socket, const slot_header *header) {
  if (header->length > SLOT_BYTES) return EMSGSIZE;
  const uint32_t family = socket->is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
  return !socket->is_connected && (header->family != family || header->port > 65535) ? EINVAL : 0;
}

static bool has_same_destination(const udp_socket *socket, const slot_header *a, const slot_header *b) {
  return socket->is_connected || (a->port == b->port && a->family == b->family && a->scope_id == b->scope_id &&
                                  memcmp(a->address, b->address, sizeof a->address) == 0);
}

/** How many slots one message may carry: to one address and of one length, of which the last may have less. */
static uint32_t length_of_run(const udp_socket *socket, const slot_header *headers, uint32_t slots) {
  const uint32_t length = headers[0].length;
  uint32_t run = 1;
  if (length == 0) return run;
  while (run < slots && run < MAX_SEGMENTS && (run + 1) * length <= MAX_SEGMENTED_BYTES) {
    const slot_header *next = &headers[run];
    if (next->length == 0 || next->length > length || !has_same_destination(socket, &headers[0], next)) break;
    run += 1;
    if (next->length < length) break;
  }
  return run;
}

static void add_message(const udp_socket *socket, outgoing *out, const slot_header *header, struct iovec *parts, uint32_t run) {
  const unsigned index = out->count;
  struct msghdr *message = &out->messages[index].msg_hdr;
  *message = (struct msghdr){.msg_iov = parts, .msg_iovlen = run};
  if (!socket->is_connected) {
    message->msg_namelen = header_to_address(header, &out->addresses[index]);
    message->msg_name = &out->addresses[index];
  }
  if (run > 1) {
    const uint16_t segment_bytes = (uint16_t)header->length;
    message->msg_control = out->controls[index].bytes;
    message->msg_controllen = sizeof out->controls[index].bytes;
    memset(message->msg_control, 0, message->msg_controllen);
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof segment_bytes);
    memcpy(CMSG_DATA(control), &segment_bytes, sizeof segment_bytes);
  }
  out->runs[index] = (uint8_t)run;
  out->count += 1;
}

/** Slots sent, or the negative errno of the first. */
static int send_slots(udp_socket *socket, uint8_t *payload, const slot_header *headers, uint32_t slots, bool may_segment) {
  outgoing out;
  out.count = 0;
  for (uint32_t slot = 0; slot < slots;) {
    const int error = check_outgoing(socket, &headers[slot]);
    if (error != 0 && slot == 0) return -error;
    if (error != 0) break;
    const uint32_t run = may_segment ? length_of_run(socket, &headers[slot], slots - slot) : 1;
    for (uint32_t part = slot; part < slot + run; part += 1) {
      out.parts[part] = (struct iovec){payload + (size_t)part * SLOT_BYTES, headers[part].length};
    }
    add_message(socket, &out, &headers[slot], &out.parts[slot], run);
    slot += run;
  }
  int messages;
  do {
    messages = sendmmsg(socket->fd, out.messages, out.count, MSG_DONTWAIT);
  } while (messages < 0 && errno == EINTR);
  if (messages < 0) {
    const int error = errno;
    // A device without checksums refuses segments for good (EIO), a path for datagrams as large as these.
    if (error == EIO && out.runs[0] > 1) socket->can_segment = false;
    const bool refuses_segments = error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
    if (refuses_segments && out.runs[0] > 1) return send_slots(socket, payload, headers, slots, false);
    return -error;
  }
  int sent = 0;
  for (int index = 0; index < messages; index += 1) sent += out.runs[index];
  return sent;
}

/** send(payload, headers, from, to): how many of these slots were sent, in order; or why not even the first was. */
static napi_value socket_send(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  udp_socket *socket = read_arguments(env, info, 4, arguments);
  uint8_t *first = NULL;
  slot_header *headers;
  size_t slots;
  uint32_t from, to;
  if (!read_batch(env, arguments, &first, &headers, &slots) || !read_uint32(env, arguments[2], UINT32_MAX, &from) ||
      !read_uint32(env, arguments[3], UINT32_MAX, &to) || from > to || to > slots) {
    return throw_type_error(env, "send(payload, headers, from, to)");
  }
  if (!socket->is_open) return make_int(env, -EBADF);
  if (from == to) return make_int(env, 0);
  if (to - from > MAX_SLOTS) to = from + MAX_SLOTS;
  uint8_t *payload = first + (size_t)from * SLOT_BYTES;
  return make_int(env, send_slots(socket, payload, headers + from, to - from, socket->can_segment));
}

/** awaitWritable(): an event follows when the system takes datagrams again. */
static napi_value socket_await_writable(napi_env env, napi_callback_info info) {
  udp_socket *socket = read_arguments(env, info, 0, NULL);
  if (socket->is_open && !socket->wants_writable) {
    socket->wants_writable = true;
    update_polling(socket);
  }
  return NULL;
}

/** connect(text, port): from then on to and from this address only. */
static napi_value socket_connect(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  udp_socket *socket = read_arguments(env, info, 2, arguments);
  napi_get_boolean(env, socket->is_ipv6, &arguments[2]);
  bool is_ipv6;
  socket_address address;
  int error;
  if (!read_address(env, arguments, &is_ipv6, &address, &error)) {
    return throw_type_error(env, "connect(text, port)");
  }
  if (!socket->is_open) return make_int(env, -EBADF);
  if (error != 0) return make_int(env, error);
  if (connect(socket->fd, &address.any, address_length(is_ipv6)) != 0) return make_int(env, -errno);
  socket->is_connected = true;
  return make_int(env, 0);
}

/** setBufferSizes(receiveBytes, sendBytes): a wish; the system bounds it. */
static napi_value socket_set_buffer_sizes(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  udp_socket *socket = read_arguments(env, info, 2, arguments);
  uint32_t receive_bytes, send_bytes;
  if (!read_uint32(env, arguments[0], INT32_MAX, &receive_bytes) ||
      !read_uint32(env, arguments[1], INT32_MAX, &send_bytes)) {
    return throw_type_error(env, "setBufferSizes(receiveBytes, sendBytes)");
  }
  if (!socket->is_open) return make_int(env, -EBADF);
  const int receive = (int)receive_bytes;
  const int send = (int)send_bytes;
  if (setsockopt(socket->fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive) != 0) return make_int(env, -errno);
  if (setsockopt(socket->fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send) != 0) return make_int(env, -errno);
  return make_int(env, 0);
}

/** local(headers): fills header 0 with where the socket is bound. */
static napi_value socket_local(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  udp_socket *socket = read_arguments(env, info, 1, arguments);
  slot_header *headers;
  size_t slots;
  if (!read_headers(env, arguments[0], &headers, &slots) || slots < 1) {
    return throw_type_error(env, "local(headers)");
  }
  if (!socket->is_open) return make_int(env, -EBADF);
  socket_address address;
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  if (getsockname(socket->fd, &address.any, &length) != 0) return make_int(env, -errno);
  address_to_header(&address, headers);
  return make_int(env, 0);
}

/** close(onClosed): idempotent; the function is called once, when nothing of the socket is left in the event loop. */
static napi_value socket_close(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  udp_socket *socket = read_arguments(env, info, 1, arguments);
  napi_valuetype type;
  if (napi_typeof(env, arguments[0], &type) != napi_ok || type != napi_function) {
    return throw_type_error(env, "close(onClosed)");
  }
  if (!socket->is_open) return NULL;
  if (napi_create_reference(env, arguments[0], 1, &socket->on_closed) != napi_ok) socket->on_closed = NULL;
  begin_close(socket);
  return NULL;
}

// Opening

static bool add_function(napi_env env, napi_value object, const char *name, napi_callback callback, udp_socket *socket) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, socket, &function) != napi_ok) return false;
  // The function carries a pointer to the socket and may outlive the object it is put on.
  if (napi_add_finalizer(env, function, socket, on_function_collected, NULL, NULL) != napi_ok) return false;
  socket->references += 1;
  return napi_set_named_property(env, object, name, function) == napi_ok;
}

static napi_value make_socket_object(napi_env env, udp_socket *socket) {
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  const bool is_whole = add_function(env, object, "receive", socket_receive, socket) &&
                        add_function(env, object, "send", socket_send, socket) &&
                        add_function(env, object, "awaitWritable", socket_await_writable, socket) &&
                        add_function(env, object, "connect", socket_connect, socket) &&
                        add_function(env, object, "setBufferSizes", socket_set_buffer_sizes, socket) &&
                        add_function(env, object, "local", socket_local, socket) &&
                        add_function(env, object, "close", socket_close, socket);
  return is_whole ? object : NULL;
}

static int open_bound(const socket_address *address, bool is_ipv6) {
  const int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (bind(fd, &address->any, address_length(is_ipv6)) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

/**
 * open(text, port, isIPv6, onEvent): a bound socket that calls onEvent(events, errno), or a negative errno.
 */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  addon_state *addon = read_arguments(env, info, 4, arguments);
  bool is_ipv6;
  socket_address address;
  int error;
  napi_valuetype type;
  if (!read_address(env, arguments, &is_ipv6, &address, &error) ||
      napi_typeof(env, arguments[3], &type) != napi_ok || type != napi_function) {
    return throw_type_error(env, "open(text, port, isIPv6, onEvent)");
  }
  if (error != 0) return make_int(env, error);
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return make_int(env, -ENOSYS);
  const int fd = open_bound(&address, is_ipv6);
  if (fd < 0) return make_int(env, fd);
  udp_socket *socket = calloc(1, sizeof *socket);
  if (socket == NULL) {
    close(fd);
    return make_int(env, -ENOMEM);
  }
  error = uv_poll_init(loop, &socket->poll, fd);
  if (error != 0) {
    close(fd);
    free(socket);
    return make_int(env, error);
  }
  socket->poll.data = socket;
  socket->env = env;
  socket->addon = addon;
  socket->fd = fd;
  socket->is_ipv6 = is_ipv6;
  // Kernels that do not know the option would send a message to be segmented as one large datagram.
  int segment_bytes = 0;
  socklen_t option_length = sizeof segment_bytes;
  socket->can_segment = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment_bytes, &option_length) == 0;
  socket->is_open = true;
  // The poll handle holds one; closing it, which every way out from here does, gives it back.
  socket->references = 1;
  addon->open_sockets += 1;
  napi_value object = make_socket_object(env, socket);
  const bool is_usable = object != NULL && napi_create_reference(env, arguments[3], 1, &socket->on_event) == napi_ok &&
                         napi_add_async_cleanup_hook(env, on_env_ending, socket, &socket->cleanup_hook) == napi_ok;
  if (!is_usable) {
    begin_close(socket);
    return make_int(env, -ENOMEM);
  }
  update_polling(socket);
  return object;
}

/** openSockets(): how many this thread has that are not wholly closed. */
static napi_value open_sockets(napi_env env, napi_callback_info info) {
  const addon_state *addon = read_arguments(env, info, 0, NULL);
  return make_int(env, (int32_t)addon->open_sockets);
}

// The addon

static void free_addon(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

static napi_value initialize(napi_env env, napi_value exports) {
  addon_state *addon = calloc(1, sizeof *addon);
  if (addon == NULL || napi_set_instance_data(env, addon, free_addon, NULL) != napi_ok) {
    free(addon);
    return throw_type_error(env, "no memory for the datagram addon");
  }
  const napi_property_descriptor properties[] = {
      {"open", NULL, open_socket, NULL, NULL, NULL, napi_enumerable, addon},
      {"openSockets", NULL, open_sockets, NULL, NULL, NULL, napi_enumerable, addon},
      {"parseAddress", NULL, parse_address, NULL, NULL, NULL, napi_enumerable, NULL},
      {"formatAddress", NULL, format_address, NULL, NULL, NULL, napi_enumerable, NULL},
      {"slotBytes", NULL, NULL, NULL, NULL, make_int(env, SLOT_BYTES), napi_enumerable, NULL},
      {"headerWords", NULL, NULL, NULL, NULL, make_int(env, HEADER_WORDS), napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}

NAPI_MODULE_INIT() { return initialize(env, exports); }
