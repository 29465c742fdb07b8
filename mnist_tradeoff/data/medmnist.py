"""MedMNIST's sets of 28×28 with one label an image: md5 of each file and names of its classes.

From medmnist/info.py of version 3.0.2, https://github.com/MedMNIST/MedMNIST
"""

from typing import NamedTuple

ADDRESS = "https://zenodo.org/records/10519652/files/"
_ORGANS = (
    *("bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right"),
    *("liver", "lung-left", "lung-right", "pancreas", "spleen"),
)


class MedSet(NamedTuple):
    """One of the sets, which is the file ``NAME.npz``."""

    md5: str
    class_names: tuple[str, ...]


MED_SETS = {
    "bloodmnist": MedSet(
        "7053d0359d879ad8a5505303e11de1dc",
        (
            *("basophil", "eosinophil", "erythroblast"),
            "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)",
            *("lymphocyte", "monocyte", "neutrophil", "platelet"),
        ),
    ),
    "breastmnist": MedSet("750601b1f35ba3300ea97c75c52ff8f6", ("malignant", "normal, benign")),
    "dermamnist": MedSet(
        "0744692d530f8e62ec473284d019b0c7",
        (
            *("actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma"),
            *("benign keratosis-like lesions", "dermatofibroma", "melanoma"),
            *("melanocytic nevi", "vascular lesions"),
        ),
    ),
    "octmnist": MedSet(
        "c68d92d5b585d8d81f7112f81e2d0842",
        ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    ),
    "organamnist": MedSet("68e3f8846a6bd62f0c9bf841c0d9eacc", _ORGANS),
    "organcmnist": MedSet("b9ceb9546e10131b32923c5bbeaea2b1", _ORGANS),
    "organsmnist": MedSet("9ab87b696fb54e2a387ebe992d6ed5f1", _ORGANS),
    "pathmnist": MedSet(
        "a8b06965200029087d5bd730944a56c1",
        (
            *("adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle"),
            *("normal colon mucosa", "cancer-associated stroma"),
            "colorectal adenocarcinoma epithelium",
        ),
    ),
    "pneumoniamnist": MedSet("28209eda62fecd6e6a2d98b1501bb15f", ("normal", "pneumonia")),
    "retinamnist": MedSet("bd4c0672f1bba3e3a89f0e4e876791e4", ("0", "1", "2", "3", "4")),
    "tissuemnist": MedSet(
        "ebe78ee8b05294063de985d821c1c34b",
        (
            *("Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule"),
            *("Glomerular endothelial cells", "Interstitial endothelial cells", "Leukocytes"),
            *("Podocytes", "Proximal Tubule Segments", "Thick Ascending Limb"),
        ),
    ),
}
# MedMNIST's other sets, and why they are no task of this study.
OTHER_SETS = {
    "chestmnist": "has several labels an image, and one is trained on",
    **dict.fromkeys(
        (
            *("organmnist3d", "nodulemnist3d", "adrenalmnist3d", "fracturemnist3d"),
            *("vesselmnist3d", "synapsemnist3d"),
        ),
        "has volumes of 28×28×28, and flat images are trained on",
    ),
}
