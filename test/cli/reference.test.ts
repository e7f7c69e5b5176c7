import { expect, test } from 'vitest';
import { buildProgram } from '../../src/cli/main.ts';
import { renderReference } from '../../src/cli/reference.ts';

test('docs/cli.md says what the program says', async () => {
  await expect(renderReference(buildProgram())).toMatchFileSnapshot('../../docs/cli.md');
});
