import { describe, expect, it } from 'vitest';
import { BencodeError, Dictionary, decode, encode } from '../src/bencode.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('bencoding', () => {
  it.each([
    ['i0e', 0],
    ['i-42e', -42],
    ['i9007199254740993e', 9_007_199_254_740_993n],
    ['0:', Buffer.alloc(0)],
    ['3:a\xff\0', bytes('a\xff\0')],
    ['li1el2:xyee', [1, [bytes('xy')]]],
    ['de', new Map()],
    [
      'd1:ai1e1:\xffi2ee',
      new Map([
        ['a', 1],
        ['\xff', 2],
      ]),
    ],
  ])('%j is read, and written as it was', (text, value) => {
    const read = decode(bytes(text));
    expect(read instanceof Dictionary ? new Map(read) : read).toEqual(value);
    expect(encode(read)).toEqual(bytes(text));
  });

  it('remembers the bytes of a dictionary, also where its keys are not in order', () => {
    const read = decode(bytes('d1:xd1:bi1e1:ai2eee'));
    const inner = read instanceof Dictionary ? read.get('x') : undefined;
    expect(inner instanceof Dictionary ? inner.raw : undefined).toEqual(bytes('d1:bi1e1:ai2ee'));
    expect(encode(read)).toEqual(bytes('d1:xd1:ai2e1:bi1eee'));
  });

  it('sorts keys by bytes and writes texts as UTF-8', () => {
    const entries = new Map<string, string>([
      ['b', 'ä'],
      ['\xff', ''],
      ['B', 'x'],
    ]);
    expect(encode(entries)).toEqual(
      Buffer.concat([bytes('d1:B1:x1:b2:'), Buffer.from('ä'), bytes('1:\xff0:e')]),
    );
  });

  it.each([
    ['nothing', ''],
    ['a number without an end', 'i1'],
    ['no number', 'ie'],
    ['minus nothing', 'i-0e'],
    ['a leading zero', 'i01e'],
    ['a fraction', 'i1.5e'],
    ['a number that is too long', `i${'9'.repeat(30)}e`],
    ['a text past the end', '5:abc'],
    ['a length that goes back, over which a reader would turn for ever', 'l-3:e'],
    ['a length with a leading zero', '01:a'],
    ['a list without an end', 'li1e'],
    ['a dictionary without an end', 'd1:ai1e'],
    ['a key that is no text', 'di1ei2ee'],
    ['a key without a value', 'd1:ae'],
    ['a key that comes twice', 'd1:ai1e1:ai2ee'],
    ['bytes after the end', 'i1ei2e'],
    ['nesting without end', 'l'.repeat(100_000)],
  ])('%s is refused', (_, text) => {
    expect(() => decode(bytes(text))).toThrow(BencodeError);
  });

  it('takes no key for something of its own', () => {
    const read = decode(bytes('d9:__proto__d1:ai1eee'));
    expect(read instanceof Dictionary ? [...read.keys()] : []).toEqual(['__proto__']);
    expect(Object.prototype).not.toHaveProperty('a');
  });
});
