import 'postgraphile';

/**
 * A function's comment speaks SQL: of its arguments as p_device, of other functions as core.reopen_account. Here
 * both become what a client knows them by.
 */
export const DescriptionsPlugin: GraphileConfig.Plugin = {
  name: 'StoaDescriptionsPlugin',
  version: '1.0.0',
  description: 'Comments of functions in the words of the API.',
  gather: {
    hooks: {
      async pgProcedures_PgResourceOptions(info, { serviceName, pgProc, resourceOptions }) {
        const { description } = resourceOptions;
        if (!description) return;
        const { inflection } = info;
        const own = (pgProc.getArguments() ?? []).flatMap((argument) => argument.name ?? []);
        const { introspection } = await info.helpers.pgIntrospection.getService(serviceName);
        resourceOptions.description = description
          .replace(/\bp_[a-z0-9_]+\b/g, (name) =>
            own.includes(name) ? inflection.camelCase(name.replace(/^p_/, '')) : name,
          )
          .replace(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/g, (name) =>
            own.includes(`p_${name}`) ? inflection.camelCase(name) : name,
          )
          .replace(/\b([a-z_]+)\.([a-z0-9_]+)\b/g, (text, schema: string, name: string) => {
            const other = introspection.procs.find(
              (proc) => proc.proname === name && proc.getNamespace()?.nspname === schema,
            );
            if (!other) return text;
            const tagged = other.getTagsAndDescription().tags['name'];
            return inflection.camelCase(typeof tagged === 'string' ? tagged : name);
          });
      },
    },
  },
};
