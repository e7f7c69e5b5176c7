import { en, Faker } from '@faker-js/faker';

/** The choices of one demo: the same seed makes the same ones. */
export class Chance {
  readonly faker: Faker;

  constructor(seed: number) {
    this.faker = new Faker({ locale: [en] });
    this.faker.seed(seed);
  }

  /** In [0, 1). */
  next(): number {
    return this.faker.number.float({ max: 1 - Number.EPSILON });
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('there is nothing to pick from');
    return item;
  }

  /** Different items, in no order; all of them when there are not enough. */
  several<Item>(items: readonly Item[], amount: number): Item[] {
    return this.faker.helpers.arrayElements([...items], Math.min(amount, items.length));
  }

  /** Few large values, many small ones, at least 0: how attention is spread (Pareto, shape 1.2). */
  attention(): number {
    return (1 - this.next()) ** (-1 / 1.2) - 1;
  }

  /** A version 7 UUID (RFC 9562) of a moment. */
  idAt(moment: Date): string {
    const time = moment.getTime().toString(16).padStart(12, '0');
    const digits = this.faker.string.hexadecimal({ length: 19, prefix: '', casing: 'lower' });
    const variant = '89ab'.charAt(Number.parseInt(digits.charAt(3), 16) % 4);
    return [
      time.slice(0, 8),
      time.slice(8),
      `7${digits.slice(0, 3)}`,
      variant + digits.slice(4, 7),
      digits.slice(7),
    ].join('-');
  }
}
