export {
  type ErrorAction,
  type ErrorDetails,
  type ErrorName,
  KaosError,
  type LeaveReason,
} from '@kaosnet/protocol'
export type { JoinOptions } from './client.ts'
export type {
  ClientEvents,
  ClientState,
  ConnectedEvent,
  DisconnectedEvent,
  DroppedEvent,
  EndedEvent,
  ErrorEvent,
  FallbackEvent,
  LatencyEvent,
  ReconnectingEvent,
  ResumedEvent,
} from './client-events.ts'
export type { ClientClock, ClientTimer } from './clock.ts'
export type { Listener, Unsubscribe } from './emitter.ts'
export type { RoomClosedEvent, RoomDataEvent, RoomEvents, RoomStateEvent } from './joined-room.ts'
export type {
  Match,
  MatchPlayer,
  MatchRequest,
  Party,
  PartyEvent,
  PartyMember,
  Ticket,
} from './matchmaking.ts'
export type { ClientLogger, ClientOptions, TokenSource } from './options.ts'
export type { Departure, Presence } from './presence.ts'
export type { ReconnectOptions } from './reconnect.ts'
export type { RequestOptions } from './requests.ts'
export type { Room, RoomSendOptions } from './room.ts'
export type { RoomInfo, RoomPage, RoomQuery, RoomSearch } from './room-list.ts'
export type { Session } from './session.ts'
export type {
  ClientTransport,
  Delivery,
  DialRequest,
  TransportClose,
  TransportDialer,
  TransportHandlers,
  TransportKind,
} from './transport.ts'
export { webSocketDialer, type WebSocketEventLike, type WebSocketLike } from './websocket-transport.ts'
