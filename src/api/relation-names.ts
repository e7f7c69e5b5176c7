import 'postgraphile';

/** Where the person behind a foreign key has done something to the row, that is what the list is of: sentMessages. */
const deeds: Readonly<Record<string, string>> = {
  actor: 'acted',
  owner: 'owned',
  reporter: 'filed',
  sender: 'sent',
};

interface TypeNames {
  readonly camelCase: (text: string) => string;
  readonly distinctPluralize: (text: string) => string;
}

const wordsOf = (snake: string): string[] => snake.split('_').filter((word) => word !== '');

/**
 * What is left of a type's name where it stands under another: what both begin with, or the one ends and the other
 * begins with, is said already. `group_member` under `group` is `member`; `channel_attachment` under
 * `channel_message` is `attachment`; `message_analysis` there is `analysis`.
 */
export function shortName(child: string, parent: string): string {
  const [words, above] = [wordsOf(child), wordsOf(parent)];
  const isTail = (count: number): boolean => words.slice(0, count).join() === above.slice(-count).join();
  const shared = words.findIndex((word, place) => word !== above[place]);
  const begins = shared < 0 ? words.length : shared;
  const continued = above.map((_, index) => index + 1).filter(isTail);
  const rest = words.slice(Math.max(begins, ...continued, 0));
  return rest.length === 0 ? child : rest.join('_');
}

/** A proposer is the agent of a proposal. */
function isAgentOf(person: string, thing: string): boolean {
  const stem = person.replace(/[eo]r$/, '');
  return stem !== person && stem.length > 3 && thing.startsWith(stem);
}

/**
 * The name of the rows that point here by a foreign key: by their type where nothing else could be meant, by what
 * the key says of them otherwise (`sentMessages`, `blocksAsBlocked`).
 */
function nameOfRows(
  inflection: GraphileBuild.Inflection & TypeNames,
  { registry, codec, relationName }: GraphileBuild.PgRelationsPluginRelationDetails,
  form: 'one' | 'many',
): string {
  const relation = registry.pgRelations[codec.name]?.[relationName];
  if (!relation) throw new Error(`There is no relation ${relationName} of ${codec.name}.`);
  const { remoteResource } = relation;
  const [parent, child] = [codec, remoteResource.codec].map((each) =>
    inflection._singularizedCodecName(each),
  ) as [string, string];
  const inForm = (name: string): string => (form === 'one' ? name : inflection.distinctPluralize(name));
  const short = shortName(child, parent);
  // A column of that name stands here already: role.permissions are bits, rolePermissions are rows.
  const isTaken = Object.keys(codec.attributes).includes(inForm(short));
  const plain = isTaken ? child : short;

  const base = inflection._getBaseNameFromKeys(
    relation.remoteAttributes.map((attributeName) => ({ codec: remoteResource.codec, attributeName })),
  );
  const siblings = Object.values(registry.pgRelations[codec.name] ?? {}).filter(
    (other) => other.isReferencee && other.remoteResource === remoteResource,
  );
  const isSelf = remoteResource.codec === codec;
  const namesParent =
    base !== null && (inflection._baseNameMatches(base, parent) || base === `parent_${parent}`);
  if (!isSelf && namesParent) {
    return inflection.camelCase(inForm(plain));
  }
  if (base === 'reply_to' && isSelf) return inForm('reply');
  // Who proposes, or votes, is the one of a proposal or vote that goes without saying.
  if (base !== null && !isSelf && isAgentOf(base, child)) return inflection.camelCase(inForm(plain));
  const opposite = base === null ? null : (deeds[base] ?? inflection._getOppositeBaseName(base));
  if (opposite) return inflection.camelCase(`${opposite}_${inForm(child)}`);
  if (!isSelf && (siblings.length === 1 || base === null)) return inflection.camelCase(inForm(plain));
  // deleted_by: deletedMessages
  const deed = base === null ? null : /^(.+)_by$/.exec(base)?.[1];
  if (deed) return inflection.camelCase(`${deed}_${inForm(child)}`);
  return inflection.camelCase(`${inForm(child)}_as_${base}`);
}

/**
 * How the two sides of a foreign key, and look-ups by a key, are called. A comment on the constraint may say
 * otherwise: `@fieldName`, `@foreignFieldName`.
 */
export const RelationNamesPlugin: GraphileConfig.Plugin = {
  name: 'StoaRelationNamesPlugin',
  version: '1.0.0',
  description: 'Relations and look-ups without stutter, and without the columns of their keys.',
  after: ['StoaNamingPlugin'],
  inflection: {
    replace: {
      _manyRelation(_previous, _preset, details) {
        const { registry, codec, relationName } = details;
        const tags = registry.pgRelations[codec.name]?.[relationName]?.extensions?.tags;
        if (typeof tags?.['foreignFieldName'] === 'string') return tags['foreignFieldName'];
        return nameOfRows(this, details, 'many');
      },
      singleRelationBackwards(_previous, _preset, details) {
        const { registry, codec, relationName } = details;
        const tags = registry.pgRelations[codec.name]?.[relationName]?.extensions?.tags;
        if (typeof tags?.['foreignFieldName'] === 'string') return tags['foreignFieldName'];
        return nameOfRows(this, details, 'one');
      },
      // A key without _id (report_type), and one whose name means another type (post_id of a poll's option leads to the
      // poll), are called after what they lead to.
      singleRelation(previous, _preset, details) {
        const { registry, codec, relationName } = details;
        const relation = registry.pgRelations[codec.name]?.[relationName];
        const given = previous?.(details) ?? relationName;
        if (!relation || typeof relation.extensions?.tags?.['fieldName'] === 'string') return given;
        const base = this._getBaseNameFromKeys(
          relation.localAttributes.map((attributeName) => ({ codec, attributeName })),
        );
        const target = this._singularizedCodecName(relation.remoteResource.codec);
        // A person is called by a part (friend), and a message of a channel is a message.
        const isMisleading =
          base !== null &&
          target !== 'user' &&
          !`_${target}`.endsWith(`_${base}`) &&
          Object.values(registry.pgCodecs).some((other) => other.extensions?.tags?.['name'] === base);
        if (base !== null && !isMisleading) return given;
        const own = this._singularizedCodecName(codec);
        const short = own.startsWith(`${target}_`)
          ? (wordsOf(target).at(-1) ?? target)
          : shortName(target, own);
        return this.camelCase(short in codec.attributes ? target : short);
      },
      // (forum_id, slug) is categoryBySlug(forumId:, slug:): what the key belongs to goes without saying.
      rowByUnique(previous, _preset, details) {
        const { unique, resource } = details;
        if (unique.isPrimary || typeof unique.extensions?.tags?.['fieldName'] === 'string') {
          return previous?.(details) ?? '';
        }
        const own = unique.attributes.filter(
          (name, place) => place === unique.attributes.length - 1 || !name.endsWith('_id'),
        );
        const names = own.map((attributeName) =>
          this._attributeName({ codec: resource.codec, attributeName, skipRowId: true }),
        );
        return this.camelCase(`${this._singularizedCodecName(resource.codec)}_by_${names.join('_and_')}`);
      },
    },
  },
};
