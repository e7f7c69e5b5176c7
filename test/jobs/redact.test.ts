import { expect, test } from 'vitest';
import { redact, redactedError } from '../../src/jobs/redact.ts';

test.each([
  ['mail to ada.b+c@example.org failed', 'mail to (address) failed'],
  ['connect postgres://stoa:pa55w0rd@db.example:5432/stoa', 'connect postgres://***@db.example:5432/stoa'],
  ['GET https://hooks.example/T1/B2?token=abc#x gave 500', 'GET https://hooks.example/T1/B2?*** gave 500'],
  ['password=hunter2, token: "a b"', 'password=(hidden) token: (hidden)'],
  ['Key (email)=(ada@example.org) already exists.', 'Key (email)=(hidden) already exists.'],
  ['invalid input syntax for type uuid: "ada"', 'invalid input syntax for type uuid: (hidden)'],
  ['relation "core.no_such_table" does not exist', 'relation "core.no_such_table" does not exist'],
  ['user 0195d1a2-7c3b-7abc-8def-0123456789ab is gone', 'user (id) is gone'],
  ['from 192.0.2.17 and 2001:db8:0:0:0:0:0:1', 'from (ip) and (ip)'],
  ['bearer dGhpcyBpcyBhIHZlcnkgbG9uZyB0b2tlbiBpbmRlZWQ=', 'bearer (hidden)'],
  ['two\n  lines', 'two lines'],
])('%s is told as %s', (text, told) => {
  expect(redact(text)).toBe(told);
});

test('an error keeps its name, its code and the places it came from, and nothing of its values', () => {
  const error = Object.assign(new TypeError('no ada@example.org'), { code: '23505', detail: 'Key (a)=(b)' });
  const told = redactedError(error);
  expect(told.message).toBe('no (address) (23505)');
  expect(told.name).toBe('TypeError');
  expect(told.stack).toContain('redact.test.ts');
  expect(JSON.stringify([told.stack, told])).not.toContain('ada@');
  expect(redactedError('ada@example.org').message).toBe('(address)');
  expect(redact('x '.repeat(1_000)).length).toBe(500);
});
