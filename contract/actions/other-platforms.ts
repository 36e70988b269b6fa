import type { ActionType } from './table.ts';

/** Our action for what another platform calls otherwise, and what is different where the name alone does not say it. */
interface Meant {
  action?: ActionType;
  hint?: string;
}

const NO_ANSWER: Meant = { hint: 'a call is answered by itself before its first action' };
const AGENT: Meant = {
  action: 'start_stream',
  hint: 'with "bidirectional": true, the server speaks to the caller',
};
const DIAL: Meant = { action: 'bridge', hint: '"transfer" gives the call away instead' };
const RECORD: Meant = {
  action: 'start_recording',
  hint: 'it goes on until "stop_recording" or the end of the call',
};
const REFUSE: Meant = { action: 'hangup', hint: 'with "reason": "busy" or "rejected", as the first action' };
const QUEUE: Meant = {
  action: 'conference',
  hint: 'callers wait in a room, and an agent joins the same room',
};

/**
 * Actions of Twilio's TwiML, Vonage's NCCO, jambonz, Plivo, Telnyx, SignalWire and FreeSWITCH, by their names in
 * lower case without separators.
 */
const ACTIONS_ELSEWHERE: Record<string, Meant> = {
  ...of(
    { action: 'say' },
    'speak',
    'talk',
    'tts',
    'speech',
    'announce',
    'saytext',
    'prompttts',
    'playtts',
    'message',
  ),
  ...of({ action: 'play' }, 'playback', 'playaudio', 'playfile', 'playurl', 'playbackstart', 'audio', 'dub'),
  ...of(
    { action: 'gather', hint: 'what it collects is in the request of a "redirect" after it' },
    ...['input', 'getdigits', 'getinput', 'collect', 'collectdigits', 'digits', 'prompt', 'gatherusingspeak'],
    ...['gatherusingaudio', 'playandgetdigits', 'read', 'ask', 'menu', 'pay'],
  ),
  ...of(DIAL, 'dial', 'connect', 'call', 'number', 'sip', 'client', 'user', 'originate', 'forward', 'phone'),
  ...of({ action: 'transfer' }, 'refer', 'sip:refer', 'siprefer', 'blindtransfer', 'deflect'),
  ...of(
    RECORD,
    'record',
    'recordcall',
    'recordstart',
    'startrecord',
    'recordsession',
    'voicemail',
    'monitor',
  ),
  ...of({ action: 'stop_recording' }, 'recordstop', 'stoprecord', 'stoprecordcall'),
  ...of({ action: 'conference' }, 'conversation', 'joinconference', 'multipartycall', 'room', 'meet'),
  ...of(QUEUE, 'enqueue', 'queue', 'dequeue', 'leave'),
  ...of(
    { action: 'start_stream' },
    'stream',
    'start',
    'listen',
    'fork',
    'siprec',
    'tap',
    'streamingstart',
    'mediastream',
  ),
  ...of(
    AGENT,
    'llm',
    'agent',
    'ai',
    'dialogflow',
    'rasa',
    'lex',
    'virtualagent',
    'conversationrelay',
    'autopilot',
  ),
  ...of({ action: 'stop_stream' }, 'stop', 'streamingstop', 'stopstream'),
  ...of({ action: 'pause' }, 'wait', 'sleep', 'delay', 'silence'),
  ...of({ action: 'send_digits' }, 'dtmf', 'senddtmf', 'playdtmf', 'playdigits'),
  ...of({ action: 'hangup' }, 'disconnect', 'end', 'exit', 'bye', 'terminate', 'drop'),
  ...of(REFUSE, 'reject', 'decline', 'sip:decline', 'sipdecline', 'busy', 'preanswer'),
  ...of({ action: 'redirect' }, 'goto', 'include', 'execute', 'next', 'continue', 'fetch'),
  ...of({ action: 'set_variable' }, 'set', 'tag', 'assign', 'setvar', 'variable', 'export'),
  ...of(
    { hint: 'every event is sent to the webhook_url of the application' },
    'notify',
    'webhook',
    'event',
    'log',
  ),
  ...of(
    { hint: 'calls are transcribed when "ai_enabled" is set on the application' },
    'transcribe',
    'transcription',
  ),
  ...of({ hint: 'MiniVoice sends no messages' }, 'sms', 'sendsms', 'sendmessage', 'mms'),
  ...of(
    { hint: 'voices and languages are fields of "say", and of the application' },
    'config',
    'language',
    'voice',
  ),
  ...of(NO_ANSWER, 'answer', 'pickup', 'accept'),
};

function of(meant: Meant, ...names: string[]): Record<string, Meant> {
  return Object.fromEntries(names.map((name) => [name, meant]));
}

/** What an action of another platform is here; undefined for names that none of them has. */
export function elsewhere(name: string): Meant | undefined {
  const plain = name.toLowerCase().replace(/[\s_.-]+/g, '');
  return Object.hasOwn(ACTIONS_ELSEWHERE, plain) ? ACTIONS_ELSEWHERE[plain] : undefined;
}

const AFTER = 'follow it with "redirect": its request tells what was collected';

const NO_SPEECH = 'keys alone are collected; "start_stream" sends live sound to a recognizer of your own';

/** Fields of other platforms' actions, by our action: the name of ours, or a sentence. */
const FIELDS_ELSEWHERE: Partial<Record<ActionType, Record<string, string>>> = {
  say: {
    message: 'text',
    body: 'text',
    value: 'text',
    content: 'text',
    payload: 'text',
    voice_name: 'voice',
    lang: 'language',
    locale: 'language',
    repeat: 'loop',
    times: 'loop',
  },
  play: {
    file: 'url',
    src: 'url',
    source: 'url',
    audio_url: 'url',
    media: 'url',
    stream_url: 'url',
    play_url: 'url',
    repeat: 'loop',
    times: 'loop',
    count: 'loop',
    text: 'a text is spoken by "say"',
    digits: 'digits are sent by "send_digits"',
  },
  gather: {
    text: 'prompt',
    say: 'prompt',
    message: 'prompt',
    play: 'a file is played by "play" before it',
    timeout: 'timeout_seconds',
    digit_timeout: 'timeout_seconds',
    inter_digit_timeout: 'timeout_seconds',
    max_length: 'max_digits',
    min_length: 'min_digits',
    maximum_digits: 'max_digits',
    minimum_digits: 'min_digits',
    terminator: 'finish_on_key',
    terminating_digit: 'finish_on_key',
    finish_key: 'finish_on_key',
    input: NO_SPEECH,
    speech: NO_SPEECH,
    hints: NO_SPEECH,
    speech_timeout: NO_SPEECH,
    speech_model: NO_SPEECH,
    recognizer: NO_SPEECH,
    action: AFTER,
    action_hook: AFTER,
    url: AFTER,
    event_url: AFTER,
    method: AFTER,
  },
  redirect: { href: 'url', action: 'url', answer_url: 'url', target: 'url', uri: 'url' },
  start_recording: {
    max_length: 'max_seconds',
    max_duration: 'max_seconds',
    time_limit: 'max_seconds',
    play_beep: 'beep',
    beep_start: 'beep',
    file_format: 'format',
    recording_channels: 'channels',
    finish_on_key: 'a "gather" after it waits for a key, and "stop_recording" ends it',
    timeout: 'a "gather" after it waits, and "stop_recording" ends it',
  },
  start_stream: {
    url: 'stream_url',
    ws_url: 'stream_url',
    websocket_url: 'stream_url',
    uri: 'stream_url',
    bidirectional_audio: 'bidirectional',
  },
  stop_stream: { url: 'stream_url' },
  pause: { length: 'seconds', duration: 'seconds', time: 'seconds' },
  send_digits: { dtmf: 'digits', tones: 'digits', value: 'digits' },
  conference: { name: 'room', conference: 'room', muted: 'mute', end_conference_on_exit: 'end_on_exit' },
  hangup: { cause: 'reason' },
  set_variable: { key: 'name', variable: 'name', data: 'value' },
};
const CALLEE = {
  number: 'destination',
  phone: 'destination',
  phone_number: 'destination',
  target: 'destination',
  uri: 'destination',
  endpoint: 'destination',
  sip: 'destination',
  caller_id: 'from',
  callerid: 'from',
  timeout: 'timeout_seconds',
  ring_timeout: 'timeout_seconds',
  answer_on_bridge: 'the caller hears ringing until the destination answers',
};

/** Names of fields of other platforms for an action of ours. */
export function fieldsElsewhere(type: ActionType): Record<string, string> {
  return type === 'bridge' || type === 'transfer' ? CALLEE : (FIELDS_ELSEWHERE[type] ?? {});
}
