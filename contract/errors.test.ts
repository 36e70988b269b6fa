import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, errorStatus } from './errors.ts';

describe('the error catalog', () => {
  it.each([
    ['invalid_request', 400],
    ['unauthorized', 401],
    ['insufficient_balance', 402],
    ['spend_control_exceeded', 403],
    ['active_call_not_found', 404],
    ['recording_not_started', 404],
    ['call_uuid_missing', 409],
    ['gateway_name_exists', 409],
    ['payload_too_large', 413],
    ['cps_limit_reached', 429],
    ['recording_start_failed', 502],
  ])('has the status of %s: %i', (code, status) => {
    expect(errorStatus(code)).toBe(status);
  });

  it('has status 500 for unknown codes, and for codes that REST does not use', () => {
    for (const code of ['constructor', 'no_such_code', 'answer_url_error'])
      expect(errorStatus(code)).toBe(500);
  });

  it('has a message for each code, and all codes are in snake_case', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(ERRORS[code].message.length).toBeGreaterThan(8);
    }
  });
});
