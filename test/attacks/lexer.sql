-- Texts that a scanner reads otherwise than the server does.

-- case: a backslash before the end of a string
-- expect: same
SELECT 'a\', buyer_name FROM orders WHERE id = 900001 --'

-- case: a backslash before the end of a string, in a filter
-- expect: refused 42501
SELECT id, '\' FROM orders WHERE buyer_name = 'Alan Archer' OR '\' = 'x'

-- case: an escape string with a quote
-- expect: same
SELECT E'a\'b', buyer_name, E'\\' FROM orders WHERE id = 900001

-- case: standard_conforming_strings off
-- expect: same or refused
SET standard_conforming_strings = off;
SELECT 'a\'' AS x, buyer_name FROM orders WHERE id = 900001 --'

-- case: standard_conforming_strings off in the same message, which was read before
-- expect: same or refused
-- one message
SET standard_conforming_strings = off; SELECT 'a\', buyer_name FROM orders WHERE id = 900001 --'

-- case: standard_conforming_strings off by set_config, then a filter
-- expect: refused
SELECT set_config('standard_conforming_strings', 'off', false);
SELECT id FROM orders WHERE id = 900001 AND 'x\'' = 'x''' AND buyer_name = 'Alan Archer'

-- case: a nested comment
-- expect: same
SELECT /* /* */ 'x' */ buyer_name FROM orders WHERE id = 900001

-- case: a nested comment that hides nothing
-- expect: refused 42501
SELECT id FROM orders /* /* */ */ WHERE /* */ buyer_name = 'Alan Archer' -- */

-- case: a comment to the end of the line, with a carriage return only
-- expect: same
SELECT id, -- x
 buyer_name FROM orders WHERE id = 900001

-- case: an operator that begins a comment
-- expect: same
SELECT 1 +-- x
 length(buyer_name) FROM orders WHERE id = 900001

-- case: dollar quotes
-- expect: same
SELECT $a$ $b$ ' $b$ $a$, buyer_name, $$--$$ FROM orders WHERE id = 900001

-- case: dollar quotes with a tag of letters beyond ASCII
-- expect: same
SELECT $é$ '; $é$, buyer_name FROM orders WHERE id = 900001

-- case: a dollar inside an identifier is no quote
-- expect: same
SELECT a$b$, c$b$ FROM (SELECT buyer_name AS a$b$, 1 AS c$b$ FROM orders WHERE id = 900001) x

-- case: strings that are joined over a line
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name = 'Alan '
  'Archer'

-- case: Unicode strings
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name = U&'\0041lan Archer'

-- case: quotes inside a quoted identifier
-- expect: same
SELECT buyer_name AS "a""b;--" FROM orders AS "o""; DROP" WHERE "o""; DROP".id = 900001

-- case: a semicolon in a string, in a comment and in an identifier
-- expect: same
-- one message
SELECT ';', /* ; */ buyer_name AS ";" FROM orders WHERE id = 900001; SELECT 2

-- case: nothing between semicolons
-- expect: same
-- one message
;;SELECT buyer_name FROM orders WHERE id = 900001;;;

-- case: numbers with underscores, hexadecimals, and a parameter's neighbour
-- expect: same
SELECT buyer_name FROM orders WHERE id = 900_001 AND 0xFF = 255

-- case: no spaces
-- expect: same
SELECT(buyer_name)FROM"orders"WHERE(id)=900001

-- case: tabs, form feeds and vertical tabs
-- expect: same
SELECT	buyer_name FROM	orders WHERE	id=900001

-- case: multibyte text before the reference
-- expect: refused 42501
SELECT '🐘 漢字', id FROM orders WHERE 'ü' <> 'é' AND buyer_name = 'Alan Archer'

-- case: multibyte text between several references
-- expect: same
SELECT 'ß🐘', buyer_name, '漢', o.gift_message AS "ö" FROM orders o WHERE 'é' = 'é' AND id = 900001

-- case: a keyword as a column's alias and as a function
-- expect: same
SELECT left(buyer_name, 2) AS "select", o.buyer_name AS from_ FROM orders AS o WHERE o.id = 900001

-- case: a typed constant that looks like a call
-- expect: same
SELECT varchar 'x', buyer_name, char(2) 'ab' FROM orders WHERE id = 900001

-- case: an operator that ends like a string begins
-- expect: refused 42501
SELECT id FROM orders WHERE buyer_name ~~'Alan%' AND id = 900001

-- case: long nesting of parentheses
-- expect: same
SELECT ((((((((((((((((((((buyer_name)))))))))))))))))))) FROM ((((SELECT * FROM orders WHERE id = 900001)))) x

-- case: a client encoding in which a byte means a letter
-- expect: same or refused
SET client_encoding = 'LATIN1';
SELECT buyer_name || chr(228) FROM orders WHERE id = 900001

-- case: a client encoding in which a quote can be half of a letter
-- expect: same
SET client_encoding = 'SJIS';
SELECT buyer_name FROM orders WHERE id = 900001
