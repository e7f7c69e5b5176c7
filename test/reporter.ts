import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with one line that people and machines read alike: `12 passed, 0 failed`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') count[state] += 1;
      }
      // A file that cannot be loaded, or whose set-up fails, has no failed test of its own.
      if (module.state() === 'failed' && ![...module.children.allTests('failed')].length) count.failed += 1;
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    // After the summary of the default reporter, whatever their order.
    process.once('exit', (code) => {
      // What fails outside any file (the server did not start, say) is told by the exit code alone.
      const failed = code !== 0 && count.failed === 0 ? 1 : count.failed;
      process.stdout.write(`${count.passed} passed, ${failed} failed${skipped}\n`);
    });
  }
}
