"""Texts that want to be more than text: what a model may say, and what somebody may call a file or a batch.

What runs sets `attacked`, what comes through as markup has `data-attack`, and what is worked out says `PRODUCT`.
"""

from typing import Final

PRODUCT: Final = "1787569"
LONG_WORD: Final = "unbreakable" * 40
SCRIPT: Final = "<script data-attack>window.attacked = 1</script>"

ATTACKS: Final = {
    "script": SCRIPT,
    "closing tags": f"</textarea></title></style></script></td></table></main>{SCRIPT}",
    "image": '<img data-attack src=x onerror="window.attacked = 1">',
    "vector graphics": "<svg data-attack onload=window.attacked=1><animate onbegin=window.attacked=1>",
    "attribute": "\" autofocus onfocus=window.attacked=1 data-attack x='",
    "style": "<style data-attack>* { display: none !important }</style><link data-attack rel=stylesheet href=/x>",
    "frame": '<iframe data-attack srcdoc="<script>parent.attacked = 1</script>"></iframe>',
    "refresh": "<meta data-attack http-equiv=refresh content=0><base data-attack href=//evil.example>",
    "link": '<a data-attack href="javascript:window.attacked=1">javascript:window.attacked=1</a>',
    "form": '<form data-attack id="said"><input name=csrf_token><button formaction=/sign-out>Approve',
    "markdown": "[press](javascript:window.attacked=1) ![x](/x.png) <javascript:window.attacked=1>",
    "entities": "&lt;script data-attack&gt;window.attacked = 1&lt;/script&gt; &#x3c;b data-attack&#x3e;",
    "template": "{{1337*1337}} ${1337*1337} <%= 1337*1337 %> #{1337*1337} {% raw %} {{ config }} {0.__class__}",
    "control characters": "bell \x07 backspace \x08\x08\x08 escape \x1b delete \x7f next line \x85 end",
    "terminal": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x9b31m",
    "right to left": "invoice \u202etxt.exe\u202c \u2066a\u2069 \u200f\u061c",
    "invisible": "pass\u200bword \u2060\ufeff\u00ad admin\U000e0041\U000e0042",
    "line separators": "one\u2028two\u2029three\r\nfour\rfive\x0bsix\x0cseven",
    "long word": LONG_WORD,
    "long address": "https://evil.example/" + "a/" * 200,
    "wide letters": "\ufdfd" * 60 + "\uff37" * 80 + "\ufdfa" * 40,
    "stacked marks": "Z" + "\u0335\u0321\u0362\u0489" * 30 + "algo",
    "half of a pair": "before \ud83d between \udc00 after",
    "formula": '=HYPERLINK("/x?"&A1,"open") +1+1 @SUM(1) -2+3|cmd|\' /C calc\'!A0',
}
