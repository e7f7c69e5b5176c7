import { expect, test } from 'vitest';
import { uuidv7At } from '../src/uuidv7.ts';

test('an id is made from time and origin: version 7, variant 2, equal for equal input only', () => {
  const time = new Date('2011-03-13T07:06:40Z');
  const id = uuidv7At(time, 'reddit:t3_a1');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(time.getTime());
  expect(uuidv7At(time, 'reddit:t3_a1')).toBe(id);
  expect(uuidv7At(time, 'reddit:t3_a2')).not.toBe(id);
});
