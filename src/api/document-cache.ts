import type { DocumentNode } from 'postgraphile/graphql';

/**
 * Characters of the queries that are kept parsed. Measured: the tree of a query takes up to 130 times its text, so this is
 * 65 MB at the worst, and a thousand operations of 500 characters.
 */
export const documentBudget = 500_000;

/**
 * Queries that were parsed and found valid, the least recently used forgotten first. What was refused is not kept: those who send
 * it again do not deserve the memory, and would push out what others ask for.
 */
export class DocumentCache {
  readonly #budget: number;
  readonly #documents = new Map<string, DocumentNode>();
  #length = 0;

  constructor(budget: number = documentBudget) {
    this.#budget = budget;
  }

  get(text: string): DocumentNode | undefined {
    const document = this.#documents.get(text);
    if (document) {
      this.#documents.delete(text);
      this.#documents.set(text, document);
    }
    return document;
  }

  set(text: string, document: DocumentNode): void {
    if (!this.#documents.has(text)) this.#length += text.length;
    this.#documents.set(text, document);
    for (const [oldest] of this.#documents) {
      if (this.#length <= this.#budget) break;
      this.#documents.delete(oldest);
      this.#length -= oldest.length;
    }
  }
}
