import 'postgraphile';
import { PgSelectSingleStep, PgSelectStep } from 'postgraphile/@dataplan/pg';
import { ConnectionStep, type Step } from 'postgraphile/grafast';

let planned = 0;

/**
 * The engine reads equal rows once: two fields of the root that ask for the same rows would become one statement with the
 * columns of both, and PostgreSQL, which refuses whole statements, would refuse both for a column that only one of them
 * asks for. Here each has a statement of its own, so a refusal is told of the field that earned it.
 */
export const RootStatementsPlugin: GraphileConfig.Plugin = {
  name: 'StoaRootStatementsPlugin',
  version: '1.0.0',
  description: 'A statement for each field of the root, so that none shares the refusal of another.',
  schema: {
    hooks: {
      GraphQLObjectType_fields_field(field, _build, { scope }) {
        const { plan } = field;
        if (!scope.isRootQuery || !plan) return field;
        return {
          ...field,
          plan(...details) {
            const $step = plan.apply(this, details);
            keepApart($step);
            return $step;
          },
        };
      },
    },
  },
};

/** Steps are only ever merged with those of the same peer key. */
function keepApart($step: Step | null | undefined): void {
  if ($step instanceof PgSelectSingleStep) keepApart($step.getClassStep());
  else if ($step instanceof ConnectionStep) keepApart($step.getSubplan());
  else if ($step instanceof PgSelectStep) {
    planned += 1;
    $step.peerKey = `${$step.peerKey} ${planned}`;
  }
}
