"""Text of whatever encoding, told by what it reads like."""

import pytest

from maml_engine.io.decode import decode

TEXTS = {
    "German": "gerät;wort;Straße\nKürzel1;maße;Größe\nöl;Übung;Köln\n",
    "one German letter": "Öffnung,x,z,y\nKöln1,1,2,3\nKöln2,1,2,3\n",
    "French": "élève;café;ville\nété;à côté;Besançon\nforêt;goût;naïf\n",
    "Spanish": "año;niño;ciudad\nMálaga;Córdoba;León\nÁvila;Jaén;Logroño\n",
    "Portuguese": "ação;São Paulo;avó\nmaçã;pão;lição\n",
    "Swedish": "år;Göteborg;Malmö\nÖrebro;Åre;Västerås\n",
    "Danish": "køn;Århus;Æble\nsmørrebrød;fåborg;tønder\n",
    "Italian": "città;perché;più\nlunedì;però;caffè\n",
    "degrees": "temp °C;x\n1;2\n",
    "Fahrenheit": "place;T (°F);x\na;1;2\n",
}


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman", "cp850", "cp437"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_letters_beyond_ascii_are_read_under_the_codec_in_which_they_make_words(text, codec):
    try:
        content = text.encode(codec)
    except UnicodeEncodeError:
        return
    assert decode(content)[0] == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("město;číslo\nPlzeň;1\nŘíčany;2\n", "cp1250"),
        ("город;число\nМосква;1\n", "cp1251"),
        ("город;число\nМосква;1\n", "koi8_r"),
    ],
)
def test_other_alphabets(text, codec):
    assert decode(text.encode(codec))[0] == text
