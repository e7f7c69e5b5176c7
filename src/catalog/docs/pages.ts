import type { Catalog } from '../model/model.ts';
import { advisorsPage } from './advisors-page.ts';
import type { Coverage } from './coverage.ts';
import { coveragePage } from './coverage-page.ts';
import { errorsPage } from './errors-page.ts';
import { indexPage } from './index-page.ts';
import { modulePage } from './module-page.ts';

/** Every generated page: its path under `docs/`, and its text. The same catalog gives the same bytes. */
export function pages(catalog: Catalog, coverage?: Coverage): ReadonlyMap<string, string> {
  return new Map([
    ['schema/README.md', indexPage(catalog)],
    ...catalog.modules.map(
      (module) => [`schema/${module.module.name}.md`, modulePage(catalog, module)] as const,
    ),
    ['errors.md', errorsPage(catalog)],
    ['operations/advisors.md', advisorsPage()],
    ...(coverage === undefined ? [] : [['coverage.md', coveragePage(coverage)] as const]),
  ]);
}
