"""Words that say what a column is, in English, German, French, Spanish, Italian and Portuguese; accents are taken off."""

import re
import unicodedata

from maml_engine.runtime.short_cache import cached_if_short

# One entry a line of meaning; a plural's last letter is left off where that is all that it adds.
_TASK = """
task subject subj patient person participant respondent individual student pupil child kid teacher hospital clinic
center centre
school class classroom site unit machine device sensor shop store customer client user household family firm company
plant factory
country state county city town village district province station hull config configuration worker operator driver team
player
animal rat mouse pig cow dog rabbit chick bird fish mare monkey sheep litter herd flock dam sire brood tree seed plot
field block
batch lot strip well tissue quake event experiment panel woman man mother boy girl tray plate wafer rail path vessel
vehicle
battery cell donor volunteer lake river island group cluster
aufgabe proband patientin maschine geraet gerat filiale laden kunde schueler schuler schule klasse betrieb firma land
stadt kreis
baum tier gruppe messstelle standort charge fahrzeug anlage werk
tache sujet appareil magasin eleve ecole classe entreprise pays ville arbre usine capteur essai groupe
tarea sujeto paciente maquina aparato tienda cliente alumno estudiante escuela colegio clase empresa pais ciudad arbol
planta grupo
lote
compito soggetto paziente macchina negozio studente scuola classe azienda impresa paese citta albero lotto impianto
gruppo
tarefa aluno sujeito loja estudante turma empresa cidade arvore fabrica
"""
_CODE = """
id ident identifier nr no num number code key kennung nummer identifiant numero identificador identificativo codigo
codice
"""
_MAYBE_TASK = "sample run region area lab item trial series replicate rep probe versuch muestra campione amostra reg"
_ROWS = "rowname row index idx unnamed obs observation record line rownumber zeile ligne fila riga linha x1"
_TIME = """
time date day week month year hour minute min second sec timestamp datetime quarter age occasion visit wave period
session phase
round follow followup cycle
zeit zeitpunkt datum tag woche monat jahr stunde minute sekunde alter besuch quartal termin
temps jour semaine mois annee heure seconde visite trimestre
tiempo fecha dia semana mes ano hora minuto segundo edad visita
tempo data giorno settimana mese anno ora secondo eta
data dia mes ano idade segundo
"""
_DESIGN = """
dose dosage treat treatment trt level nitro nitrogen fertilizer dilution dilut temp temperature concentration voltage
angle depth
distance speed load method side site formulation variety condition arm stage latitude longitude lat lon
dosis behandlung stufe temperatur geschwindigkeit sorte niveau traitement dose temperature variete
nivel tratamiento temperatura variedad trattamento livello tratamento
"""
_TARGET = """
y target outcome response resp result yield score sale revenue demand label
ziel zielwert ergebnis ertrag antwort messwert umsatz absatz verbrauch punktzahl
cible resultat reponse rendement mesure vente objetivo resultado respuesta rendimiento medida venta puntuacion
obiettivo esito risultato risposta resa misura vendita vendite punteggio alvo resposta rendimento pontuacao
"""
_MEASURED = """
weight height length size conc concentration reaction uptake density current thickness strength circumference diameter
math ach achievement exam test lang language read reading attain consumption growth count volume glucose emp
employment
flow discharge force torque vibration amplitude stress strain wear emission intensity
gewicht groesse grosse hoehe hohe laenge lange konzentration dichte druck dicke umfang durchmesser
durchfluss kraft drehmoment schwingung verschleiss debit usure caudal fuerza desgaste portata forza vazao forca
poids taille hauteur longueur masse pression densite peso talla altura longitud presion densidad
altezza lunghezza pressione spessore concentrazione comprimento pressao densidade
"""
_COVARIATE = """
sex gender race ethnicity minority ses income education educ iq gpa baseline base start initial intake pre before
smoke smoker
urban treat treatment trt group price cost capital population pop bmi size type kind status married experience exper
geschlecht einkommen bildung preis kosten sexe revenu prix cout sexo ingreso precio costo sesso reddito prezzo renda
preco
"""


def _read(text: str) -> frozenset[str]:
    return frozenset(text.split())


TASK, CODE, MAYBE_TASK, ROWS = map(_read, (_TASK, _CODE, _MAYBE_TASK, _ROWS))
TIME, DESIGN, TARGET, MEASURED, COVARIATE = map(_read, (_TIME, _DESIGN, _TARGET, _MEASURED, _COVARIATE))
_PER = re.compile(r"(?<=[^\W_])\s*/\s*[^\W\d_]+\d*|(?:\b|_)per[\s_]+[^\W_]+", re.IGNORECASE)  # of a unit: m3/day is no day
LONG = 4  # letters from which a word is also found at the end of another, as in "lwage" or "schoolid"


@cached_if_short(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """A column's name as words of plain lower-case letters: "MathAch" is math, ach; "Größe_cm" is grosse, cm."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    plain = _PER.sub(" ", plain)
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return tuple(re.findall(r"[^\W\d_]+", apart.lower()))


def says(name: str, words: frozenset[str]) -> bool:
    """Whether a name holds one of the words, alone, in the plural, or (a long one) at the end of another word."""
    return any(_is_one_of(word, words) for word in words_of(name))


def _is_one_of(word: str, words: frozenset[str]) -> bool:
    if word in words or any(word.endswith(end) and word[: -len(end)] in words for end in ("s", "es", "n", "en")):
        return True
    return any(len(known) >= LONG and len(word) > len(known) and word.endswith(known) for known in words)


def says_code(name: str) -> bool:
    """Whether a name says that its values are codes: "id", "childid", "schoolNR"."""
    return says(name, CODE) or any(
        word.endswith(end) and _is_one_of(word[: -len(end)], TASK) for word in words_of(name) for end in ("id", "nr", "no")
    )
