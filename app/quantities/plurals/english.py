"""English."""

from typing import Final

from app.quantities.plurals.plurals import Plurals, singulars, words

ENGLISH: Final = Plurals(
    same=words(
        "molasses rices gas gases lens news series species christmas oasis basis canvas texas vegas tennis fries "
        "scissors jeans trousers pyjamas pajamas"
    ),
    with_e=words(
        "ache headache cache shoe horseshoe toe canoe hoe aloe sloe roe doe floe oboe axe impasse finesse cookie "
        "brownie smoothie veggie hoodie selfie movie calorie prairie foodie sweetie onesie genie zombie rookie "
        "goalie pinkie birdie magpie cutie pixie budgie collie oldie junkie hippie potpie"
    ),
    endings=singulars(
        loaves="loaf",
        leaves="leaf",
        knives="knife",
        halves="half",
        shelves="shelf",
        scarves="scarf",
        buses="bus",
        cactuses="cactus",
    ),
    irregular=singulars(
        geese="goose",
        teeth="tooth",
        feet="foot",
        mice="mouse",
        wolves="wolf",
        wives="wife",
        calves="calf",
        lenses="lens",
        scones="scone",
        bones="bone",
        cones="cone",
        stones="stone",
        phones="phone",
        headphones="headphone",
        zones="zone",
        drones="drone",
        tbones="tbone",
        provolones="provolone",
        calzones="calzone",
        mascarpones="mascarpone",
        minestrones="minestrone",
        clones="clone",
        tones="tone",
    ),
)
