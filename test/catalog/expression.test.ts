import { describe, expect, it } from 'vitest';
import { readable } from '../../src/catalog/docs/expression.ts';

describe('an expression in the schema pages', () => {
  it.each([
    [`CHECK (type = ANY (ARRAY['text'::text, 'link'::text]))`, `CHECK (type IN ('text', 'link'))`],
    [
      `CHECK (format::text = ANY (ARRAY['plain'::character varying, 'bb'::character varying]::text[]))`,
      `CHECK (format IN ('plain', 'bb'))`,
    ],
    [
      'author_id = (( SELECT core.current_user_id() AS current_user_id))',
      'author_id = (SELECT core.current_user_id())',
    ],
    [
      'deleted_at IS NULL AND (forum_id = ANY ((ARRAY( SELECT forums.my_forum_ids() AS my_forum_ids))))',
      'deleted_at IS NULL AND forum_id = ANY (ARRAY(SELECT forums.my_forum_ids()))',
    ],
    [`now() - '30 days'::interval`, `now() - '30 days'::interval`],
    ['price > 0 AND (sold OR reserved)', 'price > 0 AND (sold OR reserved)'],
  ])('%s is printed short', (printed, short) => {
    expect(readable(printed)).toBe(short);
  });
});
