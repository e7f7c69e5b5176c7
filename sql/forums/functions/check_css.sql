create or replace function forums.check_css(p_css text, p_scope text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  property_list constant text[] := array[
    'background-color', 'border', 'border-bottom', 'border-bottom-color', 'border-bottom-style',
    'border-bottom-width', 'border-collapse', 'border-color', 'border-left', 'border-left-color',
    'border-left-style', 'border-left-width', 'border-radius', 'border-right', 'border-right-color',
    'border-right-style', 'border-right-width', 'border-spacing', 'border-style', 'border-top',
    'border-top-color', 'border-top-style', 'border-top-width', 'border-width', 'box-shadow', 'color',
    'font-family', 'font-size', 'font-style', 'font-variant', 'font-weight', 'height', 'letter-spacing',
    'line-height', 'list-style-type', 'margin', 'margin-bottom', 'margin-left', 'margin-right', 'margin-top',
    'max-height', 'max-width', 'min-height', 'min-width', 'opacity', 'outline', 'padding', 'padding-bottom',
    'padding-left', 'padding-right', 'padding-top', 'text-align', 'text-decoration', 'text-indent',
    'text-shadow', 'text-transform', 'vertical-align', 'white-space', 'width', 'word-spacing'
  ];
  function_list constant text[] := array['rgb', 'rgba', 'hsl', 'hsla', 'calc'];
  rule_pattern constant text := '([^{}]+)\{([^{}]*)\}';
  -- Comments go first, so that nothing can hide behind them: what is checked below is what is served.
  sheet constant text := btrim(regexp_replace(p_css, '/\*.*?\*/', ' ', 'g'), E' \t\n\r\f');
  rule text[];
  selector text;
  declaration text;
  property text;
  value text;
  called text;
  selectors text[];
  declarations text[];
  rules text[] := '{}';
begin
  if octet_length(p_css) > 65536 then
    perform core.fail('input.too_long');
  end if;
  -- Escapes spell forbidden words, "<" ends a style element, quotes can swallow what follows, "@" starts imports.
  if sheet ~ '[\\<@"''`\u0000-\u0008\u000e-\u001f]'
    or sheet ~ '/\*|\*/'
    or regexp_replace(sheet, rule_pattern, '', 'g') ~ '[^[:space:]]'
  then
    perform core.fail('forum.css_refused');
  end if;

  for rule in select regexp_matches(sheet, rule_pattern, 'g') loop
    selectors := '{}';
    foreach selector in array string_to_array(rule[1], ',') loop
      selector := btrim(regexp_replace(selector, '[[:space:]]+', ' ', 'g'));
      -- A leading combinator would reach out of the scope: ".scope + p" is a neighbour of the forum.
      if selector !~ '^[A-Za-z.#*:][A-Za-z0-9_.#*:> +~-]*$' then
        perform core.fail('forum.css_refused');
      end if;
      selectors := selectors || (p_scope || ' ' || selector);
    end loop;

    declarations := '{}';
    foreach declaration in array string_to_array(rule[2], ';') loop
      continue when declaration !~ '[^[:space:]]';
      property := lower(btrim(split_part(declaration, ':', 1), E' \t\n\r\f'));
      value := btrim(regexp_replace(substring(declaration from position(':' in declaration) + 1), '[[:space:]]+', ' ', 'g'));
      if position(':' in declaration) = 0
        or property <> all (property_list)
        or value !~ '^[A-Za-z0-9#.,%() !/*+-]+$'
        or value ~ '(^|[^A-Za-z0-9])-[0-9.]'
      then
        perform core.fail('forum.css_refused');
      end if;
      for called in select (regexp_matches(value, '([A-Za-z-]*)[[:space:]]*\(', 'g'))[1] loop
        if lower(called) <> all (function_list) then
          perform core.fail('forum.css_refused');
        end if;
      end loop;
      declarations := declarations || (property || ': ' || value);
    end loop;

    rules := rules || (array_to_string(selectors, ', ') || ' { ' || array_to_string(declarations, '; ') || ' }');
  end loop;

  if octet_length(array_to_string(rules, E'\n')) > 262144 then
    perform core.fail('input.too_long');
  end if;
  return nullif(array_to_string(rules, E'\n'), '');
end
$$;

comment on function forums.check_css(text, text) is
  'Internal. A style sheet, taken apart and put together again from what is known to be harmless: plain rules with allowed properties, values of numbers, words and colour functions, every selector confined to p_scope. Refuses everything else (forum.css_refused): @-rules, url(), expression(), positions, negative lengths, escapes, quotes, selectors that leave the scope; and more than 64 KiB, or 256 KiB once every selector is confined (input.too_long).';

revoke all on function forums.check_css(text, text) from public;
