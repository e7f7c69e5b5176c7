/**
 * An expression as PostgreSQL prints it, made shorter without changing what it says: casts of literals to text, the
 * names that a sub-select gives its one column, and the array form of IN are left out.
 */
export function readable(expression: string): string {
  return expression
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/::(?:text|character varying|"char"|regconfig)(?:\[\])?/g, '')
    .replaceAll(/\(\s?SELECT (\S+\(\)) AS [a-z_0-9]+\)/g, '(SELECT $1)')
    .replaceAll(/\(\((SELECT \S+\(\))\)\)/g, '($1)')
    .replaceAll(/\(\((ARRAY\(SELECT \S+\(\)\))\)\)/g, '($1)')
    .replaceAll(/\((\w+ = ANY \(ARRAY\(SELECT \S+\(\)\)\))\)/g, '$1')
    .replaceAll(/= ANY \(ARRAY\[((?:'[^']*'(?:, )?)+)\]\)/g, 'IN ($1)')
    .replaceAll('timestamp with time zone', 'timestamptz')
    .replaceAll('extensions.', '');
}
