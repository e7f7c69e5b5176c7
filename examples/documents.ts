/** An operation as it stands on a page. */
export interface PageDocument {
  readonly name: string;
  readonly text: string;
}

const fence = /^```graphql\n([\s\S]*?)^```$/gm;
const operation = /^(?:query|mutation|subscription)\s+(\w+)/m;

/** The operations of a page of documentation. Each has to have a name, by which the code generated from it is called. */
export function documentsOf(markdown: string): readonly PageDocument[] {
  return [...markdown.matchAll(fence)].map(([, text = '']) => {
    const name = operation.exec(text)?.[1];
    if (name === undefined) throw new Error(`An operation of the page has no name:\n${text}`);
    return { name, text };
  });
}
