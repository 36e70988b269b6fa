/** One kind of error: its HTTP status and its default message. */
export interface ErrorEntry {
  /** The HTTP status; null for errors that only calls, events and timelines report. */
  status: number | null;
  /** The message if there is no more specific one. */
  message: string;
}

const entry = (status: number | null, message: string): ErrorEntry => ({ status, message });

/** All error codes of REST, calls, actions, recordings and webhooks. Published codes never change. */
export const ERRORS = {
  // Any request.
  invalid_json: entry(400, 'the body is not valid JSON'),
  invalid_request: entry(400, 'the request is not valid'),
  invalid_cursor: entry(400, 'cursor does not belong to this list'),
  unauthorized: entry(401, 'a valid API key is required: Authorization: Bearer <key>'),
  not_found: entry(404, 'not found'),
  method_not_allowed: entry(405, 'the route does not allow this method'),
  payload_too_large: entry(413, 'the body is larger than the route allows'),
  unsupported_media_type: entry(415, 'the body must be application/json'),
  range_not_satisfiable: entry(416, 'the range is outside the file'),
  rate_limited: entry(429, 'too many requests: try again later'),
  internal_error: entry(500, 'internal error of MiniVoice: the operator finds the cause in the log'),
  stored_row_unusable: entry(500, 'a database row is damaged: the operator finds it in /admin/v1/quarantine'),
  not_available_yet: entry(501, 'this is not available yet'),
  overloaded: entry(503, 'the server is overloaded: try again later'),
  not_ready: entry(503, 'the server is not ready'),

  // Customers, applications, numbers, trunks and phones.
  customer_not_found: entry(404, 'customer not found'),
  application_not_found: entry(404, 'application not found'),
  trunk_not_found: entry(404, 'trunk not found'),
  phone_not_found: entry(404, 'phone not found'),
  number_exists: entry(409, 'number_e164 already exists'),
  gateway_name_exists: entry(409, 'gateway_name already exists'),
  inbound_ip_exists: entry(409, 'inbound_ip already exists'),
  username_exists: entry(409, 'username already exists'),
  limit_reached: entry(409, 'the customer has reached the maximum number of these'),

  // Calls.
  call_not_found: entry(404, 'call not found'),
  call_active: entry(409, 'the call has not ended: hang up first'),
  call_events_pending: entry(409, 'events of the call are not delivered yet: try again later'),
  active_call_not_found: entry(404, 'no active call has this id'),
  call_uuid_missing: entry(409, 'the call has no SIP leg yet'),
  invalid_action: entry(400, 'unknown action'),
  invalid_action_payload: entry(400, 'invalid action payload'),
  rate_not_found: entry(400, 'no rate matches the destination'),
  no_active_trunk: entry(400, 'no active trunk can carry the call'),
  caller_id_not_allowed: entry(403, "from is not one of the customer's numbers or verified numbers"),
  insufficient_balance: entry(402, 'balance is too low to create call'),
  spend_control_exceeded: entry(403, 'outbound spend limit exceeded'),
  cps_limit_reached: entry(429, 'too many calls per second'),
  concurrent_call_limit_reached: entry(429, 'too many calls at the same time'),
  balance_exhausted: entry(null, 'the balance or the spend limit was used up during the call'),
  idempotency_key_reused: entry(409, 'this Idempotency-Key was used for another request'),
  originate_failed: entry(502, 'the call could not be placed'),
  answer_url_error: entry(null, 'no valid document of actions came from answer_url'),
  not_acceptable: entry(null, 'the offered media cannot be handled'),
  no_media_port: entry(null, 'no RTP port is free'),
  invalid_sdp: entry(null, 'the session description is not valid'),
  no_ack: entry(null, 'the caller did not send an ACK after the call was answered'),
  no_usable_answer: entry(null, 'the answer of the far end to the SDP offer cannot be used'),
  no_response: entry(null, 'the far end no longer responds'),
  session_expired: entry(null, 'the far end did not refresh the session'),
  media_timeout: entry(null, 'no more audio arrived from the far end'),
  media_lost: entry(null, 'the media thread of the call has failed'),
  max_duration: entry(null, 'the call reached the maximum duration'),
  audio_closed: entry(null, 'the audio of the call has ended'),
  call_ended: entry(null, 'the call has ended'),
  node_restarted: entry(null, 'MiniVoice was restarted while the call was running'),

  // Requests of MiniVoice to other servers.
  url_not_allowed: entry(null, 'the URL must not be requested'),
  address_not_allowed: entry(null, 'the URL resolves to an address that is not allowed'),
  connect_failed: entry(null, 'could not connect to the server'),
  tls_failed: entry(null, 'could not connect to the server over TLS'),
  timeout: entry(null, 'the server did not respond in time'),
  answer_broken: entry(null, 'the connection closed before the response was complete'),
  answer_too_large: entry(null, 'the response of the server was too large'),

  // Actions.
  transfer_failed: entry(null, 'the destination could not be connected'),
  bridge_failed: entry(null, 'the destination could not be connected'),
  conference_full: entry(null, 'the conference is full'),
  stream_failed: entry(null, 'the stream could not be opened'),
  speech_failed: entry(null, 'the text could not be spoken'),
  play_failed: entry(null, 'the file could not be played'),
  unsupported_sound: entry(null, 'the format of the audio file is not supported'),
  too_many_variables: entry(null, 'a call can have at most 100 variables'),

  // Recordings.
  recording_not_found: entry(404, 'recording not found'),
  recording_not_started: entry(404, 'recording is not currently started'),
  recording_not_ready: entry(409, 'the recording is still running'),
  recording_file_missing: entry(404, 'the file of the recording does not exist'),
  signature_invalid: entry(401, 'the signed URL is invalid or has expired'),
  recording_start_failed: entry(502, 'the recording could not be started'),
  recording_stop_failed: entry(502, 'the recording could not be stopped'),
  recording_write_failed: entry(null, 'the recording could not be written'),
  recording_lost: entry(null, 'the file of the recording was lost'),

  tap_failed: entry(null, 'the audio could not be written to a file'),
  disk_full: entry(null, 'the disk is full'),

  // Events and their delivery.
  event_not_found: entry(404, 'event not found'),
  no_webhook_url: entry(409, 'the application has no webhook_url'),

  // Transcripts and analysis.
  transcription_not_found: entry(404, 'transcription not found'),
  ai_summary_not_found: entry(404, 'AI summary not found'),
  ai_score_not_found: entry(404, 'AI score not found'),
  ai_topics_not_found: entry(404, 'AI topics not found'),
  nothing_to_process: entry(409, 'the call has no completed recording'),
  ai_not_available: entry(409, 'no transcription engine is configured'),
  recognition_failed: entry(null, 'the recording could not be transcribed'),
  analysis_failed: entry(null, 'the transcript could not be analyzed'),
  ai_endpoint_failed: entry(null, 'the response of the AI server cannot be used'),
  job_lost: entry(null, 'another node has taken over the job'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** The HTTP status of a code; 500 for a code that REST does not use. */
export const errorStatus = (code: string): number => (isErrorCode(code) ? (ERRORS[code].status ?? 500) : 500);

/** The default message of a code. */
export const errorMessage = (code: ErrorCode): string => ERRORS[code].message;

/** The codes in `error.details[].code`, for single errors in a document or a body. */
export const DETAIL_CODES = {
  required: 'A required field is missing.',
  invalid_type: 'The value has the wrong type.',
  invalid_value: 'The value is not one of the allowed values.',
  invalid_format: 'The text has the wrong format.',
  out_of_range: 'The number is too small or too large.',
  too_short: 'The text or list has too few characters or items.',
  too_long: 'The text or list has too many characters or items.',
  unknown_field: 'The field does not exist.',
  conflict: 'Two fields contradict each other.',
  unknown_action: 'The action does not exist.',
  empty_action: 'The object names no action.',
  several_actions: 'One object contains more than one action.',
  mixed_shapes: 'One object mixes the shorthand and the typed form.',
  invalid_json: 'The text is not JSON.',
  payload_too_large: 'The document is larger than 1 MiB.',
} as const;

export type DetailCode = keyof typeof DETAIL_CODES;

/** One error in a document or a request. */
export interface Detail {
  /** The JSON pointer (RFC 6901) to the invalid value; empty for the whole document. */
  pointer: string;
  code: DetailCode;
  /** What is wrong, in one sentence. */
  message: string;
  expected?: string;
  found?: string;
}
