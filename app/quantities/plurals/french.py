"""French."""

from typing import Final

from app.quantities.plurals.plurals import Plurals, singulars, words

FRENCH: Final = Plurals(
    same=words(
        "pois repas ananas cassis anis mais radis brebis souris tapis anchois cabas bras dos os bois fois mois fils "
        "vis gras frais epais anglais francais colis coulis hachis pastis chablis gris permis matelas cervelas "
        "verglas ris riz noix prix roux doux houx croix salsifis maquis paris tournedos calvados"
    ),
    with_e=words(
        "quiche brioche peche mache buche seiche couche poche miche cartouche tranche niche creche pistache blanche "
        "fraiche branche broche douche bouche louche planche ruche torche saucisse mousse tasse brosse pousse "
        "ecrevisse bouillabaisse housse trousse cuisse reglisse suisse masse grosse rousse terrasse pelisse "
        "carcasse luxe bougie charcuterie patisserie viennoiserie epicerie ortie sortie otarie scie toupie"
    ),
    endings=singulars(
        eaux="eau",
        yaux="yau",
    ),
    irregular=singulars(
        choux="chou",
        bijoux="bijou",
        cailloux="caillou",
        genoux="genou",
        bocaux="bocal",
        journaux="journal",
        animaux="animal",
        chevaux="cheval",
        jeux="jeu",
        feux="feu",
        cheveux="cheveu",
        yeux="oeil",
    ),
)
