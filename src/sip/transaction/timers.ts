/** The three times from which all of SIP's timers follow, in milliseconds (RFC 3261 §17.1.1.1). */
export interface TimerBase {
  /** Estimate of a round trip. */
  t1: number;
  /** Longest interval between retransmissions of a non-INVITE request or an INVITE response. */
  t2: number;
  /** How long a message may stay in the network. */
  t4: number;
}

/** All three in the proportions of the RFC. @param t1 in milliseconds. */
export const timersFrom = (t1: number): TimerBase => ({ t1, t2: 8 * t1, t4: 10 * t1 });

export const standardTimers: TimerBase = timersFrom(500);

/** RFC 3261 table 4: Timers B, F, H, J, L and M; also how long a 2xx and a reliable 1xx are repeated. */
export const giveUpAfter = ({ t1 }: TimerBase): number => 64 * t1;
