import { type Command, Option } from 'commander';
import { type Config, loadConfig, type Setting, settings } from '../config.ts';

function parameterOf(setting: Setting): string {
  return setting.key
    .replace(/.*\./, '')
    .replace(/[A-Z]/g, (letter) => `-${letter}`)
    .toUpperCase();
}

/** Gives a command the options of some settings, as src/config.ts describes them. */
export function addSettings(command: Command, keys: readonly string[]): Command {
  for (const key of keys) {
    const setting = settings.find((candidate) => candidate.key === key);
    if (setting?.flag === undefined) throw new Error(`the setting ${key} has no option`);
    const { flag } = setting;
    if (key === 'demo' || key === 'explorer') {
      command.addOption(new Option(flag, setting.summary));
      command.addOption(
        new Option(flag.replace('--', '--no-'), `not that (${setting.environment[0]}=false)`),
      );
      continue;
    }
    const fallback = setting.defaultText.replaceAll('`', '');
    command.addOption(
      new Option(
        `${flag} <${parameterOf(setting)}>`,
        `${setting.summary} [${setting.environment[0]}; ${fallback}]`,
      ),
    );
  }
  return command;
}

/** The settings in force for a command that is being run. */
export function settingsOf(command: Command): Promise<Config> {
  return loadConfig({ flags: command.optsWithGlobals() });
}
