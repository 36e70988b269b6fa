/** State of a recording. The last two are final. */
export type State =
  | 'starting'
  | 'cut_short'
  | 'recording'
  | 'paused'
  | 'finishing'
  | 'salvaging'
  | 'completed'
  | 'failed';

/** An event in the life of a recording. */
export type Input =
  /** The first frame was written. */
  | 'begun'
  /** The file could not be opened, or the leg was closed. */
  | 'start_error'
  | 'start'
  | 'stop'
  | 'pause'
  | 'resume'
  | 'hangup'
  | 'max_seconds'
  | 'write_error'
  /** The file is closed and measured. */
  | 'saved'
  /** The file cannot be read. */
  | 'unsaved';

/** An effect of a step. */
export type Effect =
  | 'report_started'
  | 'pause_tap'
  | 'resume_tap'
  | 'close_tap'
  | 'report_completed'
  | 'report_failed';

export type Step = readonly [next: State, ...effects: Effect[]];

/** Inputs that end a recording while it receives frames. */
const running: Partial<Record<Input, Step>> = {
  stop: ['finishing', 'close_tap'],
  hangup: ['finishing', 'close_tap'],
  max_seconds: ['finishing'],
  write_error: ['salvaging'],
};

/**
 * State machine of a recording (contract 4). Inputs that are not listed change nothing, such as a start while it runs, a
 * second stop, or a hangup after a stop. So each recording ends once, and the first cause counts.
 */
export const lifecycle: Record<State, Partial<Record<Input, Step>>> = {
  starting: {
    begun: ['recording', 'report_started'],
    start_error: ['failed', 'report_failed'],
    stop: ['cut_short'],
    hangup: ['cut_short'],
  },
  // A stop that overtakes its start must not be lost: the recording starts and ends at once.
  cut_short: {
    begun: ['finishing', 'report_started', 'close_tap'],
    start_error: ['failed', 'report_failed'],
  },
  recording: { ...running, pause: ['paused', 'pause_tap'] },
  paused: { ...running, resume: ['recording', 'resume_tap'] },
  finishing: {
    write_error: ['salvaging'],
    saved: ['completed', 'report_completed'],
    unsaved: ['failed', 'report_failed'],
  },
  salvaging: {
    saved: ['failed', 'report_failed'],
    unsaved: ['failed', 'report_failed'],
  },
  completed: {},
  failed: {},
};

/** The next state and the effects of an input. */
export const step = (state: State, input: Input): Step => lifecycle[state][input] ?? [state];

/** Reports whether a stop, a pause or another start refers to a recording in this state. */
export const isActive = (state: State): boolean =>
  state === 'starting' || state === 'recording' || state === 'paused';
