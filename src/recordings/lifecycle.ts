/** Where a recording stands. The last two are final. */
export type State =
  | 'starting'
  | 'cut_short'
  | 'recording'
  | 'paused'
  | 'finishing'
  | 'salvaging'
  | 'completed'
  | 'failed';

/** What can happen to it, from outside or by itself. */
export type Input =
  /** The first frame is in the file. */
  | 'begun'
  /** No file could be opened, or the leg was gone. */
  | 'start_error'
  | 'start'
  | 'stop'
  | 'pause'
  | 'resume'
  | 'hangup'
  | 'max_seconds'
  | 'write_error'
  /** The file is closed, whole and measured. */
  | 'saved'
  /** There is no file that could be read. */
  | 'unsaved';

/** What is to be done about it. */
export type Outcome =
  | 'report_started'
  | 'pause_tap'
  | 'resume_tap'
  | 'close_tap'
  | 'report_completed'
  | 'report_failed';

export type Step = readonly [next: State, ...outcomes: Outcome[]];

/** While its frames come in, and until the end of its call, a stop ends it, and a hangup does. */
const running: Partial<Record<Input, Step>> = {
  stop: ['finishing', 'close_tap'],
  hangup: ['finishing', 'close_tap'],
  max_seconds: ['finishing'],
  write_error: ['salvaging'],
};

/**
 * The life of one recording, contract 4. What is not written here changes nothing: a start while it runs, a
 * second stop, a hangup after a stop. So each recording that began ends once, and the first cause counts.
 */
export const lifecycle: Record<State, Partial<Record<Input, Step>>> = {
  starting: {
    begun: ['recording', 'report_started'],
    start_error: ['failed', 'report_failed'],
    stop: ['cut_short'],
    hangup: ['cut_short'],
  },
  // A stop that overtakes its start must not be lost: the recording begins, and ends at once.
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

/** The step that an input makes in a state. */
export const step = (state: State, input: Input): Step => lifecycle[state][input] ?? [state];

/** A stop, a pause or another start means this recording. */
export const isActive = (state: State): boolean =>
  state === 'starting' || state === 'recording' || state === 'paused';
