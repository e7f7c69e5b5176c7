const shortNames: readonly (readonly [RegExp, string])[] = [
  [/^timestamp with time zone/, 'timestamptz'],
  [/^character varying/, 'varchar'],
  [/^extensions\./, ''],
];

/** A type as people write it: `timestamptz`, `varchar(100)`, `citext`. */
export function shortType(type: string): string {
  return shortNames.reduce((name, [long, short]) => name.replace(long, short), type);
}

/** The same in a longer text, such as the arguments of a function. */
export function shortTypes(text: string): string {
  return text
    .replaceAll('timestamp with time zone', 'timestamptz')
    .replaceAll('character varying', 'varchar')
    .replaceAll('extensions.', '')
    .replaceAll(/ DEFAULT NULL::[a-z_.]+(?:\[\])?/g, ' default null')
    .replaceAll(/ DEFAULT ('[^']*')::(?:text|varchar)/g, ' default $1')
    .replaceAll(' DEFAULT ', ' default ');
}
