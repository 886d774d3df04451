/** The operations that the rooms of test/escape/lua know. */

/** From a client: the attack may begin. */
export const ATTACK_OP = 1
/** From a client: answer after some ticks; and the answer. */
export const PROBE_OP = 1
/** From the room: what the attack had to say. */
export const REPORT_OP = 7
/** From a client: the room shall end. */
export const FINISH_OP = 99
