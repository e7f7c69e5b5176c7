import { describe, expect, it } from 'vitest';
import { takeApart } from '../../../src/migrate/contract/body-text.ts';

describe('the body of a function', () => {
  it.each([
    ['a line comment', 'a -- b\nc', 'a \nc', []],
    ['a comment inside a comment', 'a /* b /* c */ d */ e', 'a   e', []],
    ['a comment that never ends', 'a /* b', 'a  ', []],
    ['a literal with a quote', "a 'it''s' b", "a '' b", ["it's"]],
    ['a literal that looks like a comment', "a '-- b' /* ' */ c", "a ''   c", ['-- b']],
    ['an escape literal', String.raw`a e'b\'c' d`, "a '' d", [String.raw`b\'c`]],
    ['a literal between dollars', "a $x$it's $$ b$x$ c", "a '' c", ["it's $$ b"]],
    ['an empty tag', 'a $$b$$ c', "a '' c", ['b']],
    ['a name with dollars', 'a$b$c, $1', 'a$b$c, $1', []],
    ['a quoted name', `"it's" 'b'`, `"it's" ''`, ['b']],
    ['a name that ends in e', "case'b'", "case''", ['b']],
  ])('is taken apart: %s', (_, body, code, literals) => {
    expect(takeApart(body)).toMatchObject({ code, literals });
  });

  it.each([
    ["execute 'select 1'", true],
    ['EXECUTE format($$select %I$$, x)', true],
    ["raise notice 'execute'", false],
    ['-- execute\nselect 1', false],
    ['update t set executed = "execute"', false],
  ])('runs texts where it says EXECUTE: %j', (body, isDynamic) => {
    expect(takeApart(body).isDynamic).toBe(isDynamic);
  });
});
