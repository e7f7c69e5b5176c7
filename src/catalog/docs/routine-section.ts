import type { Routine } from '../model/model.ts';
import { page } from './markdown.ts';
import { shortTypes } from './types.ts';

/** `forums.vote_post(p_post_id uuid, p_direction integer) → record`, broken into lines when it is long. */
function declaration(routine: Routine): string {
  const line = `${routine.name}(${shortTypes(routine.arguments)}) → ${shortTypes(routine.result)}`;
  if (line.length <= 100 || routine.arguments === '') return line;
  // A comma between arguments is followed by a name; one inside numeric(78,18) or a default is not split at.
  const listed = shortTypes(routine.arguments).split(/, (?=(?:(?:OUT|INOUT|VARIADIC) )?[a-z_]\w* [a-z])/);
  return [
    `${routine.name}(`,
    ...listed.map((argument, index) => `  ${argument}${index < listed.length - 1 ? ',' : ''}`),
    `) → ${shortTypes(routine.result)}`,
  ].join('\n');
}

function whoMayCall(routine: Routine): string {
  if (routine.isTrigger) return 'called by triggers only';
  if (routine.roles.length === 0) return 'called by other functions only';
  return `callable by ${routine.roles.map((role) => `\`${role}\``).join(', ')}`;
}

/** Everything about one function. `errorsPage` is the path from this page to docs/errors.md. */
export function routineSection(routine: Routine, errorsPage: string): string {
  const character = [
    routine.volatility,
    routine.isSecurityDefiner ? 'security definer' : undefined,
    routine.language,
    whoMayCall(routine),
  ]
    .filter(Boolean)
    .join(', ');
  const errors = routine.reasons.map(
    (reason) => `[\`${reason}\`](${errorsPage}#${reason.replaceAll('.', '')})`,
  );
  return page(
    `### ${routine.signature.length > 60 ? routine.name : shortTypes(routine.signature)}`,
    `\`\`\`text\n${declaration(routine)}\n\`\`\``,
    routine.comment.text,
    `- ${character[0]?.toUpperCase()}${character.slice(1)}.${routine.comment.name ? ` In the API: \`${routine.comment.name}\`.` : ''}${
      errors.length > 0 ? `\n- Errors: ${errors.join(', ')}.` : ''
    }`,
  ).trimEnd();
}
